/** Every entry of the catalogue through the same checks; a new entry is covered by being there. */

import * as E from "fp-ts/lib/Either.js";
import { lower } from "../../src/lowering/lower.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { decode, encode } from "../../src/optimizer/codec.ts";
import { zero } from "../../src/optimizer/combinators.ts";
import { contentHash } from "../../src/optimizer/content_hash.ts";
import { needs } from "../../src/optimizer/needs.ts";
import { path } from "../../src/optimizer/predicate.ts";
import { accumulate, partition } from "../../src/optimizer/wrappers.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { sweep } from "../../src/training/sweep.ts";
import { grid } from "../../src/training/trials.ts";
import { assert, assertEquals, assertLess } from "../_assert.ts";
import { targets } from "../compiler/_run_plan.ts";
import { differences } from "../compiler/_steps.ts";
import { right } from "../lowering/_follow.ts";
import { ignore, watched, withDevice } from "../runtime/_device.ts";
import * as suite from "./_suite.ts";

const TOLERANCE = 1e-9;

const VALLEYS = { "a quadratic": suite.quadratic, "Rosenbrock's function": suite.rosenbrock };

for (const { name, build, suggested } of Object.values(catalogue)) {
  if (!suite.plain(build())) continue;
  for (const [title, objective] of Object.entries(VALLEYS)) {
    if (suite.leavesOut(build(), objective)) continue;
    Deno.test(`${name} descends ${title} with every suggested value`, async () => {
      const trials = grid(suggested);
      const result = await sweep({
        objective,
        optimizer: build,
        trials,
        steps: 200,
        backend: "js",
      });
      assertEquals(result.trials.length, trials.length);
      const ends = result.trials.map(({ run, settings }) => {
        const share = run.losses.at(-1)! / run.losses[0]!;
        assert(run.losses.every(Number.isFinite) && share < 1, JSON.stringify(settings));
        return share;
      });
      assertLess(Math.min(...ends), 0.8);
    });
  }
}

for (const { name, optimizer, brisk } of suite.EXPRESSIONS) {
  const usual = suite.plain(optimizer);
  const constantB = partition([{ where: path("b"), of: zero() }], optimizer);

  Deno.test(`${name} is the same after encode() and decode(), with the same hash`, () => {
    const back = decode(JSON.parse(encode(optimizer)));
    assertEquals(back, E.right(optimizer));
    if (E.isRight(back)) assertEquals(contentHash(back.right), contentHash(optimizer));
  });

  Deno.test({
    name: `${name} takes masked parameters for constants`,
    ignore: !usual || suite.leavesOut(constantB, suite.apart),
    fn: () => {
      const found = suite.walk(suite.apart, constantB, 12);
      const expected = suite.walk(suite.alone, optimizer, 12);
      const { a, b } = suite.STARTS;
      for (const [step, theta] of found.entries()) {
        assertEquals(theta.get("b"), b);
        assertLess(suite.apartBy(theta.get("a")!, expected[step]!.get("a")!), TOLERANCE);
      }
      assert(suite.apartBy(found.at(-1)!.get("a")!, a) > 0, "the other parameter did not move");
    },
  });

  Deno.test({
    name: `${name} in accumulate(2, ·) takes the step of the mean gradient`,
    ignore: !usual,
    fn: () => {
      // What is asked of the objective besides the gradient is of the last batch, not of the mean.
      const spread = needs(optimizer).length === 0 ? 0.3 : 0;
      const inner = accumulate(2, optimizer);
      const found = suite.walk(suite.elsewhere, inner, 24, (step) => ({
        at: 0.1 * Math.floor(step / 2) + (step % 2 === 0 ? spread : -spread),
      }));
      const expected = suite.walk(suite.elsewhere, optimizer, 12, (step) => ({ at: 0.1 * step }));
      for (const [step, theta] of expected.entries()) {
        for (const [parameter, values] of theta) {
          const [closed, opened] = [0, 1].map((k) => found[2 * step + k]!.get(parameter)!);
          assertLess(suite.apartBy(opened!, values), TOLERANCE);
          if (step > 0) assertEquals(closed, found[2 * step - 1]!.get(parameter));
        }
      }
    },
  });

  Deno.test(`${name} trains a network`, async () => {
    const options = { backend: "js", data: suite.networkData, seed: 1 } as const;
    using program = getOrThrow(await compile(suite.network, optimizer, options)());
    program.step(300);
    const losses = await program.losses();
    assert(losses.every(Number.isFinite));
    const end = losses.slice(-10).reduce((a, b) => a + b) / 10;
    assertLess(end, 0.99 * losses[0]!);
  });

  Deno.test(`${name} gives three copies the bits of their solo runs`, async () => {
    const seeds = [5, 1, 9];
    const common = { backend: "js", data: suite.networkData } as const;
    const run = async (seed: readonly number[]): Promise<Float64Array[]> => {
      const options = { ...common, replicas: seed.length, seed };
      using program = getOrThrow(await compile(suite.network, optimizer, options)());
      program.step(12);
      const theta = await program.flatParameters();
      const size = theta.length / seed.length;
      return seed.map((_, r) => theta.slice(r * size, (r + 1) * size));
    };
    const together = await run(seeds);
    for (const [r, seed] of seeds.entries()) assertEquals([together[r]!], await run([seed]));
    assert(together[0]!.some((x, i) => x !== together[1]![i]), "every copy does the same");
  });

  for (const target of targets) {
    Deno.test(`${name} on ${target} takes the oracle's step from the same state`, async () => {
      const program = right(lower(suite.network, brisk));
      const { wrong, compared, excepted } = await differences(program, {
        steps: target === "js" ? 12 : 2,
        target,
        thetas: [3, 4].map((seed) => suite.thetaOf(suite.network, optimizer, seed)),
        seeds: [3, 4],
        slots: new Map(Object.entries(suite.networkData).map(([k, x]) => [`batch/${k}`, x])),
      });
      assertEquals(wrong, []);
      assertLess(excepted, 0.1 * compared);
    });
  }

  Deno.test({
    name: `${name} compiles nothing after its first step`,
    ignore,
    fn: () =>
      withDevice(async ({ device }) => {
        const { handle, counts } = watched(device);
        const compiled = () => [...counts.keys()].filter((call) => /Shader|Pipeline/.test(call));
        const options = { device: handle, data: suite.networkData };
        using program = getOrThrow(await compile(suite.network, optimizer, options)());
        program.step(1);
        await program.settled();
        assert(compiled().length > 0, "nothing is counted");
        counts.clear();
        program.step(21);
        await program.settled();
        assertEquals(compiled(), []);
      }),
  });
}
