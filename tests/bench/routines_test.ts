/** The routines that are measured are the same thing as the kernels that they are measured against. */
import { ROUTINES } from "../../bench/routines/_routines.ts";
import { distance, sidesOf } from "../../bench/routines/_sides.ts";
import { assertEquals, assertLess } from "../_assert.ts";
import { ignore, withDevice } from "../runtime/_device.ts";

Deno.test("distance() is the largest difference over the largest value", () => {
  assertEquals(distance([1, 2, 5], [1, 4, 8]), 3 / 8);
});

Deno.test({
  name: "every routine of the benchmarks makes what its naive kernel makes",
  ignore,
  fn: () =>
    withDevice(async (handle) => {
      for (const routine of ROUTINES) {
        const { compiled, naive, apart } = await sidesOf(routine, handle);
        await compiled(1);
        await naive(1);
        assertLess(await apart(), 1e-4, routine.name);
      }
    }),
});
