import { sharedNodes } from "../../src/compiler/shared_nodes.ts";
import { compilePlan } from "../../src/compiler/compile_plan.ts";
import { DEFAULT_ADAPTER } from "../../src/loops/adapter.ts";
import { empiricalFisher } from "../../src/optimizer/calculating.ts";
import { sophia } from "../../src/optimizer/catalogue/sophia.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { addToRoot } from "../../src/optimizer/damping.ts";
import { gradientNorm } from "../../src/optimizer/length.ts";
import { diagonal } from "../../src/optimizer/structure.ts";
import { scale } from "../../src/optimizer/transforms.ts";
import { skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { jsExecutor } from "../../src/runtime/js_executor.ts";
import { lower } from "../../src/lowering/lower.ts";
import { add, exp, input, sin } from "../../src/tensor/ops.ts";
import { assert, assertEquals } from "../_assert.ts";
import { follow, right } from "../lowering/_follow.ts";
import { PROBLEMS } from "../lowering/_functions.ts";

Deno.test("sharedNodes() gives a straight region what rare and later regions share", () => {
  const x = input("x", [2]), y = sin(x);
  const after = exp(input("y", [2], "f32", 1));
  const shared = sharedNodes([
    { always: true, values: [] },
    { always: false, values: [add(y, 1), after] },
    { always: true, values: [add(y, 2), after] },
  ]);
  assertEquals(shared.map((nodes) => nodes.some(({ hash }) => hash === y.hash)), [
    true,
    false,
    false,
  ]);
  // What depends on an assignment cannot be evaluated before it.
  assert(shared.flat().every(({ hash }) => hash !== after.hash));
});

const STAGE = curvature({
  calculating: empiricalFisher(),
  structure: diagonal(),
  length: gradientNorm(),
  damping: addToRoot(0.1),
  every: { sample: 3 },
});

for (
  const [name, optimizer] of Object.entries({
    "a rare sample of the gradient": chain(STAGE, scale(0.01)),
    sophia: sophia({ every: 3 }),
    "a gate around sophia": skipNonFinite(sophia({ every: 3 })),
  })
) {
  Deno.test(`compilePlan() agrees with the oracle over 8 steps when there is ${name}`, async () => {
    const { objective, start } = PROBLEMS[2]!;
    const program = right(lower(objective, optimizer));
    const plan = right(
      compilePlan(program, { replicas: 1, target: "js", adapter: DEFAULT_ADAPTER }),
    );
    const executor = jsExecutor(plan, new Map([["theta", start]]));
    executor.step(8);
    const found = await executor.read("theta");
    const expected = follow(objective, optimizer, start, 8, { precision: "f32" }).thetas[8]!;
    expected.forEach((x, i) => assert(Math.abs(x - found[i]!) < 1e-5, `${x}, ${found[i]}`));
    executor.dispose();
  });
}
