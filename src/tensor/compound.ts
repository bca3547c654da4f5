/**
 * Constructors of the primitives that combine several tensors by index or in a loop.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { show as showValue } from "../errors/words.ts";
import { checkLists, checkShape, checkTensors, shapeError, show } from "./check.ts";
import { type AffineMap, type Loop, makeNode, type Node, sameShape, type Shape } from "./node.ts";

/**
 * One or two tensors multiplied over a shared domain and summed; see {@link Op}.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { contraction, minimize, objective, sgd } from "@steepest/steepest";
 *
 * const i = [{ constant: 0, factors: [1] }];
 * const f = objective({
 *   parameters: { x: [3, 4] },
 *   loss: ({ x }) => contraction([2], [x, x], [i, i], [], []), // Σᵢ xᵢ·xᵢ
 * });
 * const run = await minimize(f, sgd(), { steps: 0, backend: "reference", precision: "f64" });
 * assert.equal(run.losses[0], 25);
 * ```
 */
export function contraction(
  domain: Shape,
  inputs: readonly Node[],
  maps: readonly AffineMap[],
  output: AffineMap,
  shape: Shape,
): Node {
  checkShape("contraction", domain);
  checkShape("contraction", shape);
  checkLists("contraction", "inputs, a map each and a map of the output", inputs, maps, output);
  checkTensors("contraction", ...inputs);
  if (inputs.length < 1 || inputs.length > 2 || maps.length !== inputs.length) {
    shapeError(
      "contraction",
      `${inputs.length} inputs and ${maps.length} maps`,
      "one or two inputs, a map each",
    );
  }
  const fits = (map: AffineMap, rank: number) =>
    map.length === rank &&
    map.every((a) =>
      Array.isArray(a?.factors) && a.factors.length === domain.length &&
      [a.constant, ...a.factors].every(Number.isInteger)
    );
  inputs.forEach((x, i) => {
    if (x.dtype !== "f32") shapeError("contraction", x.dtype, "f32");
    checkLists("contraction", "a map", maps[i]);
    if (!fits(maps[i]!, x.shape.length)) {
      shapeError(
        "contraction",
        `a map of ${maps[i]!.length} dimensions for ${show(x.shape)}`,
        `integer maps of ${domain.length} domain axes`,
      );
    }
  });
  if (!fits(output, shape.length)) {
    shapeError(
      "contraction",
      `an output map of ${output.length} dimensions for ${show(shape)}`,
      `integer maps of ${domain.length} domain axes`,
    );
  }
  return makeNode({ kind: "contraction", domain, maps, output }, inputs, shape, "f32");
}

/**
 * Rows of `table` at u32 `indices`; an index beyond the table takes its last row.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, gather, minimize, objective, sgd, sum } from "@steepest/steepest";
 *
 * const indices = constant([1, 1], [2], "u32");
 * const f = objective({ parameters: { x: [3, 4] }, loss: ({ x }) => sum(gather(x, indices)) });
 * const run = await minimize(f, sgd(), { steps: 0, backend: "reference", precision: "f64" });
 * assert.equal(run.losses[0], 8);
 * ```
 */
export function gather(table: Node, indices: Node): Node {
  checkTensors("gather", table, indices);
  if (indices.dtype !== "u32") shapeError("gather", indices.dtype, "u32 indices");
  if (table.shape.length === 0) shapeError("gather", "a scalar", "a table with rows");
  return makeNode(
    { kind: "gather" },
    [table, indices],
    [...indices.shape, ...table.shape.slice(1)],
    table.dtype,
  );
}

/**
 * A tensor of `rows` rows where row indices[i] is the sum of the updates[i]; others are 0.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { constant, input, scatterAdd } from "@steepest/steepest";
 *
 * const indices = constant([0, 2, 0], [3], "u32");
 * assert.deepEqual(scatterAdd(indices, input("updates", [3, 5]), 4).shape, [4, 5]);
 * ```
 */
export function scatterAdd(indices: Node, updates: Node, rows: number): Node {
  checkTensors("scatterAdd", indices, updates);
  if (indices.dtype !== "u32" || updates.dtype !== "f32") {
    shapeError(
      "scatterAdd",
      `${indices.dtype} and ${updates.dtype}`,
      "u32 indices and f32 updates",
    );
  }
  if (!sameShape(indices.shape, updates.shape.slice(0, indices.shape.length))) {
    shapeError(
      "scatterAdd",
      `${show(indices.shape)} and ${show(updates.shape)}`,
      "updates that begin with the shape of the indices",
    );
  }
  const shape = [rows, ...updates.shape.slice(indices.shape.length)];
  checkShape("scatterAdd", shape);
  return makeNode({ kind: "scatterAdd" }, [indices, updates], shape, "f32");
}

/**
 * u32 bits that depend on (seed, stream, step, logical index) alone. Scalars give `shape`; a seed or
 * step of shape [R] gives [R, ...shape], each copy with the bits of its solo run.
 */
export function randomBits(seed: Node, step: Node, stream: number, shape: Shape): Node {
  checkTensors("randomBits", seed, step);
  if (!Number.isInteger(stream) || stream < 0) {
    throw failure("description", "randomBits", showValue(stream), "the number of a stream");
  }
  checkShape("randomBits", shape);
  const copies = seed.shape.length > 0 ? seed.shape : step.shape;
  const fits = (x: Node) =>
    x.dtype === "u32" && (x.shape.length === 0 || sameShape(x.shape, copies));
  if (!fits(seed) || !fits(step) || copies.length > 1) {
    shapeError(
      "randomBits",
      `${seed.dtype}${show(seed.shape)} and ${step.dtype}${show(step.shape)}`,
      "u32 scalars, or u32 vectors of one length",
    );
  }
  return makeNode({ kind: "randomBits", stream }, [seed, step], [...copies, ...shape], "u32");
}

/**
 * The carried values after a bounded loop; see {@link Loop}.
 *
 * A derivative through it is an error of kind `shape`: say `stopGradient` of what goes in.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { input, minimize, mul, objective, repeat, sgd, stopGradient } from "@steepest/steepest";
 *
 * const formal = input("carried", []);
 * const doubling = { times: 3, formals: [formal], next: [mul(2, formal)] };
 * const f = objective({
 *   parameters: { x: 3 },
 *   loss: ({ x }) => mul(x, repeat(doubling, [stopGradient(x)])[0]!),
 * });
 * const run = await minimize(f, sgd(), { steps: 0, backend: "reference", precision: "f64" });
 * assert.equal(run.losses[0], 72);
 * ```
 */
export function repeat(
  loop: Loop,
  initial: readonly Node[],
  constants: readonly Node[] = [],
): Node[] {
  checkLists("repeat", "tensors", initial, constants, loop?.formals, loop?.next);
  const actual = [...initial, ...constants];
  const { times, condition } = loop;
  checkTensors("repeat", ...actual, ...loop.formals, ...loop.next);
  if (condition !== undefined) checkTensors("repeat", condition);
  if (!Number.isInteger(times) || times < 0) {
    throw failure("description", "repeat/times", showValue(times), "a number of iterations");
  }
  const same = (a: readonly Node[], b: readonly Node[]) =>
    a.length === b.length &&
    a.every((x, i) => sameShape(x.shape, b[i]!.shape) && x.dtype === b[i]!.dtype);
  if (!same(actual, loop.formals) || !same(initial, loop.next)) {
    shapeError(
      "repeat",
      actual.map((n) => show(n.shape)).join(", ") || "no values",
      "values that match the formals, and a body that returns the carried ones",
    );
  }
  return loop.next.map((n, index) =>
    makeNode({ kind: "repeat", loop, index }, actual, n.shape, n.dtype)
  );
}
