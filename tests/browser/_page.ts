/** The page's program: what the tests of this room ask the browser to run. */
import { catalogueSteps } from "./_catalogue_steps.ts";

Object.assign(globalThis, { catalogueSteps });
