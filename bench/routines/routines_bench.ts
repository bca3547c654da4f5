/**
 * Every routine of the compiler against the kernel that one would write first, and against what the
 * adapter does at most: a copy of as many bytes, and as many multiply-adds in registers.
 */
import * as E from "fp-ts/lib/Either.js";
import { acquireDevice } from "../../src/runtime/device.ts";
import { ROUTINES } from "./_routines.ts";
import { type Run, type Sides, sidesOf } from "./_sides.ts";

const acquired = await acquireDevice()();

/** Enough that the 11 ms of an awaited wait are little of it. */
const TIMES = 50;

function add(group: string, name: string, run: Run | undefined, baseline = false): void {
  Deno.bench({
    name: `${group}: ${name}, ${TIMES} times`,
    group,
    baseline,
    ignore: run === undefined,
    n: 5,
    warmup: 1,
    fn: () => run?.(TIMES),
  });
}

for (const routine of ROUTINES) {
  const sides: Partial<Sides> = E.isLeft(acquired) ? {} : await sidesOf(routine, acquired.right);
  add(routine.name, "compiled", sides.compiled, true);
  add(routine.name, "naive", sides.naive);
  add(routine.name, "copy of as many bytes", sides.copy);
  if (routine.flops > 0) add(routine.name, "as many multiply-adds", sides.multiplyAdds);
}
