import { type Objective, objective } from "../../src/objective/objective.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { average, lookahead, scheduleFree } from "../../src/optimizer/last.ts";
import { path } from "../../src/optimizer/predicate.ts";
import { scale, trace } from "../../src/optimizer/transforms.ts";
import { accumulate, masked } from "../../src/optimizer/wrappers.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { add, mul, square } from "../../src/tensor/ops.ts";
import { assert, assertAlmostEquals, assertEquals, assertNotEquals } from "../_assert.ts";
import { backends, ignore, watched, withDevice } from "./_device.ts";

const bowl = objective({
  parameters: { a: 4, b: -2 },
  loss: ({ a, b }) => add(square(a), mul(2, square(b))),
});

for (const { backend, ignore } of backends) {
  const test = (what: string, fn: () => Promise<void>) =>
    Deno.test({ name: `evaluationParameters() on ${backend} ${what}`, ignore, fn });

  test("are θ where no transform keeps others, part by part", async () => {
    const optimizer = chain(scale(0.125), masked(average(), path("a")));
    using program = getOrThrow(await compile(bowl, optimizer, { backend })());
    program.step(2);
    // a: 4, 3, 2.25; b: −2, −1, −0.5.
    assertEquals(await program.parameters(), { a: 2.25, b: -0.5 });
    assertEquals(await program.evaluationParameters(), { a: 2.625, b: -0.5 });
  });

  test("are those of the last transform in the flow, replica by replica", async () => {
    const optimizer = chain(scale(0.125), lookahead({ steps: 2, alpha: 0.5 }), average());
    const options = { backend, replicas: 2, parameters: { a: [4, 8], b: [-2, -2] } };
    using program = getOrThrow(await compile(bowl, optimizer, options)());
    program.step(3);
    // a/4: 1, .75, (1 + .5625)/2, .5859375; b/−2: 1, .5, (1 + .25)/2, .3125.
    const a = (0.75 + 0.78125 + 0.5859375) / 3, b = (0.5 + 0.625 + 0.3125) / 3;
    for (const r of [0, 1]) {
      const found = await program.replica(r).evaluationParameters();
      assertAlmostEquals(found.a, 4 * (r + 1) * a, 1e-5);
      assertAlmostEquals(found.b, -2 * b, 1e-5);
    }
  });

  test("come back with a checkpoint", async () => {
    const optimizer = accumulate(2, chain(trace({ decay: 0.5 }), scheduleFree({ rate: 0.05 })));
    const run = async () => getOrThrow(await compile(bowl, optimizer, { backend })());
    using whole = await run();
    whole.step(5);
    const bytes = await whole.save();
    whole.step(6);
    using resumed = await run();
    getOrThrow(await resumed.restore(bytes));
    resumed.step(6);
    assertEquals(await resumed.evaluationParameters(), await whole.evaluationParameters());
    assertNotEquals(await whole.evaluationParameters(), await whole.parameters());
  });
}

for (const { backend, ignore } of backends) {
  Deno.test({
    name: `set() on ${backend} changes the rhythm of a gate, replica by replica`,
    ignore,
    fn: async () => {
      const options = { backend, replicas: 2 };
      using program = getOrThrow(await compile(bowl, accumulate(100, scale(0.125)), options)());
      getOrThrow(program.set({ "accumulate/steps": [1, 3] }));
      program.step(3);
      assertEquals((await program.replica(0).parameters()).a, 4 * 0.75 ** 3);
      assertEquals((await program.replica(1).parameters()).a, 3);
    },
  });
}

Deno.test({
  name: "set() compiles nothing when a rhythm changes",
  ignore,
  fn: () =>
    withDevice(async ({ device }) => {
      const { handle, counts } = watched(device);
      const optimizer = chain(accumulate(9, scale(0.125)), lookahead({ steps: 9 }), average());
      using program = getOrThrow(
        await compile(bowl as Objective<{ a: number; b: number }>, optimizer, { device: handle })(),
      );
      program.step(1);
      await program.settled();
      counts.clear();
      const rhythms = {
        "0/accumulate/steps": 2,
        "1/lookahead/steps": 2,
        "2/average/start": 3,
      };
      getOrThrow(program.set(rhythms));
      program.step(1);
      await program.settled();
      assertEquals([...counts.keys()].filter((k) => /Shader|Pipeline/.test(k)), []);
      assert((await program.parameters()).a === 3.5);
      const wrong = program.set({ "0/accumulate/steps": 1.5 });
      assertEquals(wrong._tag, "Left");
    }),
});
