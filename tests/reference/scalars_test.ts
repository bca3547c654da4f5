import { SteepestError } from "../../src/errors.ts";
import { evaluate } from "../../src/reference/evaluate.ts";
import { scalarEvaluator } from "../../src/reference/scalars.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import * as t from "../../src/tensor/ops.ts";
import { assertEquals, assertLess, assertThrows } from "../_assert.ts";

const step = t.input("step", [], "u32"), beta = t.input("beta", []);
const time = t.cast(step, "f32");

/** A schedule with a warm-up and a cosine, and the weight of an average without its bias. */
function schedule(): readonly Node[] {
  const warm = t.div(t.add(time, 1), 10);
  const decay = t.mul(0.5, t.add(1, t.cos(t.mul(Math.PI / 100, time))));
  const rate = t.mul(3e-4, t.select(t.compare("lt", step, 10), warm, decay));
  const weight = t.sub(1, t.binary("pow", beta, t.add(time, 1)));
  const bits = t.randomBits(step, t.constant(5, [], "u32"), 3, []);
  return [bits, rate, weight, t.cast(t.compare("eq", t.binary("rem", step, 7), 0), "u32")];
}

Deno.test("scalarEvaluator() gives what evaluate() gives in f64", () => {
  const outputs = schedule(), run = scalarEvaluator(outputs);
  for (const [s, b] of [[0, 0.9], [9, 0.9], [10, 0.999], [77, 0.5]] as const) {
    const inputs = new Map([["step@0", tensor(s, [], "u32")], ["beta@0", tensor(b)]]);
    const expected = evaluate(outputs, inputs).map((v) => v.data[0]!);
    assertEquals(run(new Map([["step@0", s], ["beta@0", b]])), expected);
  }
});

Deno.test("scalarEvaluator() sees through shapes of one element, and u32 constants wrap", () => {
  const one = t.permute(t.broadcastTo(t.reshape(beta, [1, 1]), [1, 1, 1]), [2, 0, 1]);
  const run = scalarEvaluator([one, t.constant(-1, [], "u32"), t.iota([1], 0)]);
  assertEquals(run(new Map([["beta@0", 0.25]])), [0.25, 4294967295, 0]);
});

Deno.test("scalarEvaluator() refuses tensors and other primitives, and tells of missing values", () => {
  assertThrows(() => scalarEvaluator([t.input("x", [2])]), SteepestError, "input of shape [2]");
  assertThrows(
    () => scalarEvaluator(t.repeat({ times: 1, formals: [beta], next: [beta] }, [beta])),
    SteepestError,
    "repeat",
  );
  assertThrows(() => scalarEvaluator([beta])(new Map()), SteepestError, "beta@0");
});

Deno.test("scalarEvaluator() costs microseconds for a hundred nodes", () => {
  let x: Node = beta;
  for (let i = 0; i < 50; i++) x = t.add(t.mul(x, 0.5), t.mul(x, x));
  const run = scalarEvaluator([x]), inputs = new Map([["beta@0", 0.1]]);
  for (let i = 0; i < 1000; i++) run(inputs);
  const start = performance.now();
  for (let i = 0; i < 1000; i++) run(inputs);
  // Generous by a factor of fifty: only a wrong order of growth should fail here.
  assertLess((performance.now() - start) / 1000, 0.1);
});
