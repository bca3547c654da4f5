import * as E from "fp-ts/lib/Either.js";
import { lower } from "../../src/lowering/lower.ts";
import { adamDirection } from "../../src/optimizer/catalogue/adam.ts";
import { decode, encode } from "../../src/optimizer/codec.ts";
import { add, chain } from "../../src/optimizer/combinators.ts";
import { frozen } from "../../src/optimizer/derived.ts";
import { average, lookahead, scheduleFree } from "../../src/optimizer/last.ts";
import { path } from "../../src/optimizer/predicate.ts";
import { linear, piecewise, warmup } from "../../src/optimizer/schedule.ts";
import { scheduleAt } from "../../src/optimizer/schedule_at.ts";
import { scale, trace, weightDecay } from "../../src/optimizer/transforms.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { accumulate, masked, partition, skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { assert, assertAlmostEquals, assertEquals } from "../_assert.ts";
import { follow } from "./_follow.ts";
import { PROBLEMS, type Vector } from "./_functions.ts";

const wavy = PROBLEMS[2]!;

function close(got: ArrayLike<number>, wanted: Vector, what: string): void {
  assertEquals(got.length, wanted.length);
  wanted.forEach((x, i) => assertAlmostEquals(got[i]!, x, 1e-12 * Math.max(1, Math.abs(x)), what));
}

function state(run: ReturnType<typeof follow>, slot: string): ArrayLike<number> {
  return run.values.get(`state/${slot}`)!.data;
}

Deno.test("lookahead() goes α of the way to the fast weights at every k-th step", () => {
  const optimizer = chain(
    trace({ decay: 0.5 }),
    scale(0.05),
    lookahead({ steps: 3, alpha: 0.4 }),
  );
  const run = follow(wavy.objective, optimizer, wavy.start, 11);
  let fast = [...wavy.start], slow = [...wavy.start];
  const v = fast.map(() => 0);
  for (let t = 0; t < 11; t++) {
    const g = wavy.g(fast);
    fast = fast.map((x, i) => x - 0.05 * (v[i] = 0.5 * v[i]! + g[i]!));
    if (t % 3 === 2) fast = slow = slow.map((s, i) => s + 0.4 * (fast[i]! - s));
    close(run.thetas[t + 1]!, fast, `step ${t}`);
  }
  close(state(run, "2/lookahead/slow"), slow, "the slow weights");
  assertEquals(run.program.evaluation?.map(({ slot }) => slot), ["state/2/lookahead/slow"]);
});

Deno.test("average() is the debiased average, or the mean, of the parameters from its start on", () => {
  const cases = [{ decay: 0.8 }, { decay: 0.8, start: 4 }, {}, { start: 4 }] as const;
  for (const options of cases) {
    const run = follow(wavy.objective, chain(scale(0.05), average(options)), wavy.start, 9);
    const plain = follow(wavy.objective, scale(0.05), wavy.start, 9);
    assertEquals(run.thetas, plain.thetas);
    const start = "start" in options ? options.start : 0;
    const kept = run.thetas.slice(1 + start);
    const weights = kept.map((_, i) =>
      "decay" in options ? options.decay ** (kept.length - 1 - i) : 1
    );
    const total = weights.reduce((a, b) => a + b);
    const wanted = wavy.start.map((_, i) =>
      kept.reduce((sum, theta, k) => sum + weights[k]! * theta[i]!, 0) / total
    );
    close(state(run, "1/average/mean"), wanted, JSON.stringify(options));
  }
});

Deno.test("average() is θ itself before its start", () => {
  const run = follow(wavy.objective, chain(scale(0.05), average({ start: 9 })), wavy.start, 4);
  close(state(run, "1/average/mean"), run.thetas[4]!, "the average");
});

Deno.test("scheduleFree() interpolates between z and its weighted mean under a schedule", () => {
  const changes = [{ at: 3, value: 0.1 }, { at: 7, value: 0.01 }];
  const rate = piecewise({ from: 0.02, changes });
  for (const power of [0, 1, 2]) {
    const optimizer = chain(weightDecay(0.1), scheduleFree({ rate, beta: 0.8, power }));
    const run = follow(wavy.objective, optimizer, wavy.start, 12);
    let y = [...wavy.start], z = [...y], x = [...y];
    let largest = 0, total = 0;
    for (let t = 0; t < 12; t++) {
      const eta = scheduleAt(rate, t);
      largest = Math.max(largest, eta);
      total += largest ** power;
      const c = largest ** power / total;
      const g = wavy.g(y);
      z = z.map((zi, i) => zi - eta * (g[i]! + 0.1 * y[i]!));
      x = x.map((xi, i) => (1 - c) * xi + c * z[i]!);
      y = x.map((xi, i) => 0.2 * z[i]! + 0.8 * xi);
      close(run.thetas[t + 1]!, y, `step ${t} with power ${power}`);
    }
    close(state(run, "1/scheduleFree/x"), x, "x");
    close(state(run, "1/scheduleFree/z"), z, "z");
  }
});

Deno.test("scheduleFree() averages nothing while every rate was 0", () => {
  const rate = linear({ from: 0, to: 0.1, steps: 2 });
  const { thetas } = follow(wavy.objective, scheduleFree({ rate }), wavy.start, 3);
  assertEquals(thetas[1], [...wavy.start]);
  assert(thetas[3]!.every(Number.isFinite) && thetas[3]![0] !== wavy.start[0]);
});

Deno.test("lower() reads each parameter where the last transform that has it keeps it", () => {
  const optimizer = chain(
    partition([{ where: path("a"), of: chain(scale(0.1), average()) }], scale(0.1)),
    masked(average({ decay: 0.5 }), path("b")),
    lookahead(),
    masked(average(), path("a")),
  );
  const { program } = follow(wavy.objective, chain(optimizer), wavy.start, 1);
  assertEquals(
    program.evaluation?.map(({ slot, space }) => [slot, space.entries.map((e) => e.path)]),
    [
      ["state/0/partition/parts/0/1/average/mean", ["a"]],
      ["state/1/partition/parts/0/average/mean", ["b"]],
      ["state/2/lookahead/slow", ["a", "b"]],
      ["state/3/partition/parts/0/average/mean", ["a"]],
    ],
  );
});

Deno.test("lower() refuses a last transform that something follows, with its path", () => {
  const refused: readonly (readonly [Optimizer, readonly string[]])[] = [
    [chain(lookahead(), scale(0.1)), ["0/lookahead"]],
    [chain(scale(0.1), average(), frozen(path("a"))), ["1/average"]],
    [add(scale(0.1), average()), ["add/1/average"]],
    [
      chain(skipNonFinite(chain(scale(0.1), average())), scale(0.1), average()),
      ["0/skipNonFinite/1/average"],
    ],
    [chain(average(), accumulate(2, chain(scale(1), average()))), ["0/average"]],
  ];
  for (const [optimizer, paths] of refused) {
    const result = lower(wavy.objective, optimizer);
    assert(E.isLeft(result), encode(optimizer));
    assertEquals(result.left.kind, "description");
    assertEquals(result.left.issues.map((it) => it.path), paths);
  }
  const allowed = chain(scale(0.1), lookahead(), masked(average(), path("a")), average());
  assert(E.isRight(lower(wavy.objective, skipNonFinite(allowed))));
});

Deno.test("decode() gives last transforms and gates back as they were", () => {
  const optimizer = accumulate(
    4,
    chain(
      adamDirection(),
      scheduleFree({ rate: warmup({ to: 0.1, steps: 5 }), beta: 0.95, power: 0 }),
      lookahead({ steps: 7, alpha: 0.25 }),
      average({ decay: 0.9, start: 3 }),
    ),
  );
  const back = decode(JSON.parse(encode(optimizer)));
  assert(E.isRight(back));
  assertEquals(back.right, optimizer);
});

Deno.test("frozen() keeps what it matches where it is, decay and averages notwithstanding", () => {
  const optimizer = chain(trace({ decay: 0.9 }), weightDecay(0.1), scale(0.1), frozen(path("a")));
  const { thetas } = follow(wavy.objective, optimizer, wavy.start, 5);
  assertEquals(thetas[5]!.slice(0, 4), wavy.start.slice(0, 4));
  assert(thetas[5]!.slice(4).every((x, i) => x !== wavy.start[4 + i]));
  const none = lower(wavy.objective, frozen(path("c")));
  assert(E.isLeft(none) && none.left.kind === "description");
});
