import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../_assert.ts";
import {
  add,
  broadcast,
  constant,
  floor,
  input,
  iota,
  mul,
  reduce,
  repeat,
  stopGradient,
} from "../../src/tensor/ops.ts";
import type { Node } from "../../src/tensor/node.ts";
import { SteepestError } from "../../src/errors.ts";
import { tensor } from "../../src/reference/tensor.ts";
import { jvp } from "../../src/autodiff/jvp.ts";
import { gradient, vjp } from "../../src/autodiff/vjp.ts";
import { hessianVector } from "../../src/autodiff/products.ts";
import { fillInputs, randomTensor, run, stream } from "./_graphs.ts";
import { checkDerivatives } from "./_laws.ts";
import { halves, KINDS, x, y } from "./_primitives.ts";

for (const [kind, graphs] of Object.entries(KINDS)) {
  if (graphs.length === 0) continue;
  Deno.test(`jvp() and vjp() of ${kind} agree with differences and with one another`, () => {
    graphs.forEach((graph, i) => {
      const wrt = [x, y, halves];
      const base = new Map(wrt.map((n, k) => [n, randomTensor(stream(i * 3 + k + 11), n.shape)]));
      checkDerivatives([graph], wrt, base, { tolerance: kind === "randomBits" ? 1e-6 : 1e-8 });
    });
  });

  Deno.test(`jvp() of vjp() of ${kind} agrees with differences`, () => {
    graphs.forEach((graph, i) => {
      const wrt = [x, y, halves];
      const base = new Map(wrt.map((n, k) => [n, randomTensor(stream(i * 3 + k + 11), n.shape)]));
      const weights = input("weights", graph.shape);
      const grads = vjp([graph], [weights], wrt);
      const values = fillInputs(
        grads,
        new Map([...base, [weights, randomTensor(stream(5), graph.shape)]]),
        9,
      );
      checkDerivatives(grads, [...wrt, weights], values, { tolerance: 1e-6 });
    });
  });
}

Deno.test("vjp() takes stop for a constant", () => {
  const [g] = gradient(reduce("sum", mul(x, stopGradient(x))), [x]);
  const at = randomTensor(stream(3), [3, 4]);
  const [value] = run([g!], new Map([[x, at]]));
  value!.data.forEach((v, i) => assertAlmostEquals(v, at.data[i]!, 1e-12));
});

Deno.test("gradient() generates nothing for what does not matter", () => {
  const [g] = gradient(reduce("sum", mul(floor(x), y)), [x]);
  assert(g!.op.kind === "constant");
});

Deno.test("gradient() counts how often a broadcast repeats a value", () => {
  const scalar = input("scalar", []);
  const [g] = gradient(reduce("sum", broadcast(scalar, [3, 4], [])), [scalar]);
  assertEquals(g, constant(12));
});

Deno.test("gradient() of a sum of squares is one product with the tensor", () => {
  const [g] = gradient(reduce("sum", mul(x, x)), [x]);
  assert(g!.op.kind === "binary" && g!.inputs.every((n) => n === x || n.op.kind === "constant"));
});

function loopOver(value: Node, constantValue: Node): Node {
  const carried = input("carried", value.shape), held = input("held", constantValue.shape);
  const loop = { times: 3, formals: [carried, held], next: [mul(carried, held)] };
  return repeat(loop, [value], [constantValue])[0]!;
}

Deno.test("jvp() and vjp() name a repeat that a tangent flows into, and only then", () => {
  const looped = loopOver(x, y);
  assertThrows(() => jvp([looped], [x], [x]), SteepestError, "repeat of shape [3, 4]");
  assertThrows(() => vjp([looped], [x], [y]), SteepestError, "repeat of shape [3, 4]");
  const stopped = mul(loopOver(stopGradient(x), stopGradient(y)), x);
  checkDerivatives(
    [stopped],
    [halves],
    new Map([x, y, halves].map((n) => [
      n,
      randomTensor(stream(2), n.shape),
    ])),
  );
  const [g] = gradient(reduce("sum", stopped), [x]);
  const [value] = run([g!], new Map([[x, tensor(2, [3, 4])], [y, tensor(3, [3, 4])]]));
  value!.data.forEach((v) => assertAlmostEquals(v, 54, 1e-12));
});

Deno.test("jvp() and vjp() report every direction that does not match", () => {
  const error = assertThrows(
    () => jvp([x], [x, y, iota([2], 0)], [x, halves, halves]),
    SteepestError,
    "jvp tangents/1",
  );
  assert(error.issues.length === 2);
  assertThrows(() => vjp([x], [], [x]), SteepestError, "0 directions");
  assertThrows(() => gradient(x, [x]), SteepestError, "a scalar");
});

Deno.test("vjp() gives cotangents of inner nodes and passes them on", () => {
  const inner = mul(x, y), loss = reduce("sum", mul(inner, inner));
  const [dInner, dx] = gradient(loss, [mul(x, y), x]);
  const values = new Map([[x, randomTensor(stream(3), [3, 4])], [
    y,
    randomTensor(stream(4), [3, 4]),
  ]]);
  const [i, a, b, expected] = run([inner, dInner!, dx!, mul(mul(2, inner), y)], values);
  a!.data.forEach((v, k) => assertAlmostEquals(v, 2 * i!.data[k]!, 1e-12));
  b!.data.forEach((v, k) => assertAlmostEquals(v, expected!.data[k]!, 1e-12));
});

Deno.test("hessianVector() walks graphs of any depth", () => {
  const z = input("z", []);
  let deep: Node = z;
  for (let i = 0; i < 20000; i++) deep = add(deep, z);
  const [h] = hessianVector(mul(deep, deep), [z], [constant(1)]);
  const [value] = run([h!], new Map([[z, tensor(1)]]));
  assertAlmostEquals(value!.data[0]!, 2 * 20001 ** 2, 1e-3);
});
