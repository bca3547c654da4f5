import { assert, assertAlmostEquals, assertEquals, assertThrows } from "../_assert.ts";
import {
  add,
  constant,
  dot,
  input,
  mul,
  reshape,
  slice,
  sub,
  sum,
  tanh,
} from "../../src/tensor/ops.ts";
import type { Node } from "../../src/tensor/node.ts";
import { topological } from "../../src/tensor/walk.ts";
import { SteepestError } from "../../src/errors.ts";
import type { Tensor } from "../../src/reference/tensor.ts";
import { gradient } from "../../src/autodiff/vjp.ts";
import { jvp } from "../../src/autodiff/jvp.ts";
import {
  denseHessian,
  gaussNewtonVector,
  gradientOuterVector,
  hessianVector,
  perExampleGradients,
} from "../../src/autodiff/products.ts";
import {
  crossEntropy,
  fillInputs,
  inner,
  randomTensor,
  run,
  smallNetwork,
  stream,
  tiledMaxPool,
  type Values,
} from "./_graphs.ts";
import { assertClose, checkDerivatives } from "./_laws.ts";

const network = smallNetwork(3);
const { parameters, loss, losses, logits, x, labels } = network;
const directions = (name: string) => parameters.map((p, i) => input(`${name}${i}`, p.shape));
const u = directions("u"), v = directions("v");
const values: Values = fillInputs([loss, ...u, ...v], new Map(), 21);
const at = (nodes: readonly Node[]): Tensor[] => run(nodes, values);

Deno.test("gradient() of a small network agrees with differences", () => {
  checkDerivatives([loss, losses], parameters, values, { tolerance: 1e-7 });
});

Deno.test("hessianVector() of a small network agrees with differences of its gradient", () => {
  checkDerivatives(gradient(loss, parameters), parameters, values, { tolerance: 1e-6 });
});

Deno.test("hessianVector() is symmetric: uᵀHv = vᵀHu", () => {
  const left = inner(at(u), at(hessianVector(loss, parameters, v)));
  const right = inner(at(v), at(hessianVector(loss, parameters, u)));
  assert(Math.abs(left) > 1e-3);
  assertAlmostEquals(left, right, 1e-10);
});

Deno.test("gradient() of the squared norm of a gradient is 2·H·g", () => {
  const g = gradient(loss, parameters);
  const squared = g.map((p) => dot(p, p)).reduce((a, b) => add(a, b));
  const twice = hessianVector(loss, parameters, g).map((h) => mul(2, h));
  assertClose(at(gradient(squared, parameters)), at(twice), 1e-10, "2Hg");
});

Deno.test("hessianVector() of the network stays within 3 times the nodes of the gradient", () => {
  const nodes = (roots: readonly Node[]) => topological(roots).length;
  const g = nodes(gradient(loss, parameters)), h = nodes(hessianVector(loss, parameters, v));
  assert(h < 3 * g, `${h} nodes against ${g}`);
});

Deno.test("gradient() of tiled max pooling is a select, with no sum or contraction", () => {
  const image = input("image", [1, 2, 4, 4]);
  const [g] = gradient(sum(mul(tiledMaxPool(image, 2), input("w", [1, 2, 2, 2]))), [image]);
  const kinds = topological([g!]).map((n) => n.op.kind);
  assertEquals(kinds.filter((k) => k === "contraction" || k === "scatterAdd" || k === "pad"), []);
  assertEquals(kinds.filter((k) => k === "reduce").length, 1);
});

Deno.test("gradient() of cross-entropy is softmax − labels", () => {
  const z = input("z", [2, 3]), t = input("t", [2, 3]);
  const [g] = gradient(sum(crossEntropy(z, t)), [z]);
  const given = new Map([[z, randomTensor(stream(5), [2, 3])], [
    t,
    randomTensor(stream(6), [2, 3]),
  ]]);
  const [result] = run([g!], given);
  const logit = given.get(z)!.data, label = given.get(t)!.data;
  for (let i = 0; i < 2; i++) {
    const row = Array.from(logit.slice(3 * i, 3 * i + 3), Math.exp);
    const total = row.reduce((a, b) => a + b), mass = label.slice(3 * i, 3 * i + 3);
    const weight = Array.from(mass).reduce((a, b) => a + b);
    row.forEach((e, j) => {
      const expected = e / total * weight - mass[j]!;
      assertAlmostEquals(result!.data[3 * i + j]!, expected, 1e-12);
    });
  }
});

Deno.test("gaussNewtonVector() is the Hessian product where outputs are linear", () => {
  const w = input("w", [4]), a = input("a", [5, 4]), b = input("b", [5]);
  const outputs = sum(mul(a, reshape(w, [1, 4])), [1]);
  const direction = input("d", [4]);
  const square = sum(mul(sub(outputs, b), sub(outputs, b)));
  const gn = gaussNewtonVector([outputs], ([t]) => [mul(2, t!)], [w], [direction]);
  const h = hessianVector(square, [w], [direction]);
  const given = fillInputs([...gn, ...h], new Map(), 3);
  assertClose(run(gn, given), run(h, given), 1e-12, "GN");
});

Deno.test("gaussNewtonVector() of a network is symmetric and positive semidefinite", () => {
  const outputHessian = (t: readonly Node[]) => t.map((n) => mul(0.5, n));
  const gv = gaussNewtonVector([logits], outputHessian, parameters, v);
  const gu = gaussNewtonVector([logits], outputHessian, parameters, u);
  assertAlmostEquals(inner(at(u), at(gv)), inner(at(v), at(gu)), 1e-9);
  assert(inner(at(v), at(gv)) > 0);
});

/** Losses of one example at a time, and their gradients by rows. */
function perExample(): readonly Node[] {
  const one = smallNetwork(1);
  return perExampleGradients(one.loss, one.parameters, [
    { one: one.x, all: x },
    { one: one.labels, all: labels },
  ]);
}

Deno.test("perExampleGradients() are the gradients of the single losses", () => {
  const rows = at(perExample());
  for (let i = 0; i < 3; i++) {
    const single = at(gradient(reshape(slice(losses, [i], [i + 1]), []), parameters));
    const sliced = rows.map((t, k) => {
      const size = single[k]!.data.length;
      return { ...single[k]!, data: t.data.slice(i * size, (i + 1) * size) };
    });
    assertClose(sliced, single, 1e-12, `example ${i}`);
  }
  assertThrows(() => perExampleGradients(loss, parameters, []), SteepestError, "at least one");
});

Deno.test("gradientOuterVector() is Σ g (gᵀ v) / n over the per-example gradients", () => {
  const product = at(gradientOuterVector(losses, parameters, v));
  const rows = at(perExample()), direction = at(v);
  const expected = product.map((t) => ({ ...t, data: new Float64Array(t.data.length) }));
  for (let i = 0; i < 3; i++) {
    const own = rows.map((t, k) => {
      const size = direction[k]!.data.length;
      return { ...direction[k]!, data: t.data.slice(i * size, (i + 1) * size) };
    });
    const along = inner(own, direction) / 3;
    own.forEach((t, k) => t.data.forEach((g, j) => expected[k]!.data[j]! += g * along));
  }
  assertClose(product, expected, 1e-12, "outer");
});

Deno.test("denseHessian() holds the products with the basis vectors", () => {
  const a = input("a", [2, 2]), b = input("b", [3]);
  const f = sum(mul(tanh(mul(sum(a, [1]), 0.7)), sum(mul(b, mul(b, b)))));
  const full = denseHessian(f, [a, b]);
  const given = fillInputs([full], new Map(), 12);
  const [matrix] = run([full], given);
  assertEquals(matrix!.shape, [7, 7]);
  const da = input("da", [2, 2]), db = input("db", [3]);
  const products = hessianVector(f, [a, b], [da, db]);
  for (let i = 0; i < 7; i++) {
    const e = Array.from({ length: 7 }, (_, j) => i === j ? 1 : 0);
    const result = run(
      products,
      new Map([
        ...given,
        [da, { shape: [2, 2], dtype: "f32", data: new Float64Array(e.slice(0, 4)) }],
        [db, { shape: [3], dtype: "f32", data: new Float64Array(e.slice(4)) }],
      ]),
    );
    const column = result.flatMap((t) => Array.from(t.data));
    column.forEach((c, j) => assertAlmostEquals(matrix!.data[i * 7 + j]!, c, 1e-12));
    column.forEach((c, j) => assertAlmostEquals(matrix!.data[j * 7 + i]!, c, 1e-10));
  }
});

Deno.test("denseHessian() of a linear function is zero", () => {
  const a = input("a", [3]);
  const [matrix] = run([denseHessian(sum(mul(a, constant([1, 2, 3]))), [a])], new Map());
  assertEquals(Array.from(matrix!.data), new Array(9).fill(0));
});

Deno.test("jvp() with several tangents is the sum of the single ones", () => {
  const all = at(jvp([loss], parameters, v))[0]!.data[0]!;
  let total = 0;
  parameters.forEach((p, i) => total += at(jvp([loss], [p], [v[i]!]))[0]!.data[0]!);
  assertAlmostEquals(all, total, 1e-12);
});
