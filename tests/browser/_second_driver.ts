/** Prints the report of this process, which was started with another driver, as one line of JSON. */
import { catalogueSteps } from "./_catalogue_steps.ts";

console.log(JSON.stringify(await catalogueSteps()));
// The device of the process would keep it alive.
Deno.exit(0);
