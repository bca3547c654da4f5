/**
 * What it takes until the first step is done, in a process that has done nothing else: `compiled` or
 * `hand`, then the update. Prints milliseconds as JSON.
 */
import { acquireDevice } from "../../src/runtime/device.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { cnnStep } from "../_same_work.ts";
import { RULES } from "./_cnn.ts";
import { hand, type Rule } from "./_hand.ts";
import { spent } from "./_measure.ts";

async function compiled(rule: Rule): Promise<() => Promise<void>> {
  const device = getOrThrow(await acquireDevice()());
  return async () => {
    const program = await cnnStep(RULES[rule], device);
    program.step(1);
    await program.settled();
  };
}

async function byHand(rule: Rule): Promise<() => Promise<void>> {
  const { build, run } = await hand("lean", rule);
  return async () => {
    build();
    await run(1);
  };
}

if (import.meta.main) {
  const rule = Deno.args[1] as Rule;
  // The device is there before: asking for it is the same for both.
  const first = await (Deno.args[0] === "hand" ? byHand(rule) : compiled(rule));
  console.log(JSON.stringify(await spent(first)));
  Deno.exit(0);
}
