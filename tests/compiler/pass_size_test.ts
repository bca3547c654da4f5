/** How many copies run at once where one fills the device. */
import * as E from "fp-ts/lib/Either.js";
import { compilePlan, type PlanOptions, planPasses } from "../../src/compiler/compile_plan.ts";
import { passesOf } from "../../src/compiler/pass_size.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import type { SteepestError } from "../../src/errors.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { objective } from "../../src/objective/objective.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { square } from "../../src/tensor/ops.ts";
import { assertEquals } from "../_assert.ts";

function right<A>(result: E.Either<SteepestError, A>): A {
  if (E.isLeft(result)) throw result.left;
  return result.right;
}

const options = { target: "wgsl", replicas: 20, adapter: DEFAULT_ADAPTER } satisfies PlanOptions;
const cnn = right(lower(classification(mnistCnn(), 60) as AnyObjective, sgd()));
const parabola = objective({ parameters: { x: 1 }, loss: ({ x }) => square(x) });
const small = right(lower(parabola as unknown as AnyObjective, sgd()));
const alone = right(compilePlan(small, { ...options, replicas: 1 }));

/** A plan of one copy that has so many words. */
function planOf(words: number): Plan {
  return { ...alone, buffers: [...alone.buffers, { ...alone.buffers[0]!, words }] };
}

Deno.test("planPasses() runs copies that fill a software adapter one after another", () => {
  const { plan, passes } = right(planPasses(cnn, options));
  assertEquals([plan.replicas, passes], [1, 20]);
  assertEquals(plan, right(compilePlan(cnn, { ...options, replicas: 1 })));
});

Deno.test("planPasses() runs small copies at once, and all copies in JavaScript", () => {
  const of = (program: typeof cnn, more: Partial<PlanOptions>) => {
    const { plan, passes } = right(planPasses(program, { ...options, ...more }));
    return [plan.replicas, passes];
  };
  assertEquals(of(small, { replicas: 2000 }), [2000, 1]);
  const adapter = { ...DEFAULT_ADAPTER, kind: "script", maxBindingBytes: 2 ** 32 } as const;
  assertEquals(of(cnn, { replicas: 3, target: "js", adapter }), [3, 1]);
});

Deno.test("passesOf() says passes of equal size that caches hold", () => {
  assertEquals(passesOf(planOf(400_000), 20), 20);
  assertEquals(passesOf(planOf(4_000_000), 20), 20);
  assertEquals(passesOf(planOf(170_000), 20), 10);
  assertEquals(passesOf(planOf(20_000), 20), 1);
});

Deno.test("passesOf() runs few copies for nothing", () => {
  assertEquals(passesOf(planOf(250_000), 3), 3);
  // Seven in two passes would be eight.
  assertEquals(passesOf(planOf(80_000), 7), 1);
  assertEquals(passesOf(planOf(80_000), 59), 10);
});

Deno.test("passesOf() does not count what all copies read", () => {
  const [clock] = alone.slots.filter(({ name, perReplica }) =>
    !perReplica && alone.places.has(name)
  );
  const data = clock ?? { ...alone.slots[0]!, name: "data", perReplica: false };
  const place = { ...[...alone.places.values()][0]!, buffer: alone.buffers.length };
  const places = new Map([...alone.places, [data.name, place]]);
  const plan = { ...planOf(400_000), slots: [...alone.slots, data], places };
  assertEquals(passesOf(plan, 20), 1);
});
