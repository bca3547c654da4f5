/** Random loops: bodies are random graphs over all primitives, between values that are carried. */
import type { Loop, Node } from "../../src/tensor/node.ts";
import { sameShape, sizeOf } from "../../src/tensor/node.ts";
import {
  add,
  broadcastTo,
  compare,
  constant,
  input,
  mul,
  repeat,
  sum,
  tanh,
} from "../../src/tensor/ops.ts";
import { randomKey, randomWord } from "../../src/tensor/random.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import { substitute, topological } from "../../src/tensor/walk.ts";
import { type RandomGraph, randomGraph } from "../tensor/_random_graphs.ts";

/** How a random loop may look. */
export interface LoopShape {
  readonly condition: boolean;
  /** A second loop in the body, that starts from carried values. */
  readonly nested: boolean;
}

/** Inputs that a small error may change a lot: what is compared, converted or rounded. */
function brittle(outputs: readonly Node[]): ReadonlySet<string> {
  const found = new Set<string>();
  for (const node of topological(outputs)) {
    const { op } = node;
    const jumps = op.kind === "compare" || op.kind === "cast" ||
      (op.kind === "unary" && (op.fn === "sign" || op.fn === "floor")) ||
      (op.kind === "reduce" && op.fn === "argmax");
    if (!jumps) continue;
    for (const x of topological(node.inputs)) {
      if (x.op.kind === "input" && x.dtype === "f32") found.add(x.hash);
    }
  }
  return found;
}

const scalarOf = (x: Node): Node => tanh(mul(0.01, sum(x)));
const like = (x: Node, shape: readonly number[]): Node =>
  sameShape(x.shape, shape) ? x : broadcastTo(scalarOf(x), shape);

/** A loop whose body is a random graph; `inputs` are the actual values of all its formals. */
function loopOf(
  seed: number,
  name: string,
  { condition, nested }: LoopShape,
  inputs: Map<string, Tensor>,
): { readonly loop: Loop; readonly carried: readonly Node[]; readonly constants: readonly Node[] } {
  const key = randomKey(seed, 3, 0);
  let count = 0;
  const below = (n: number) => randomWord(key, count++) % n;
  const graph: RandomGraph = randomGraph(seed, { extra: 2 });
  const used = topological(graph.outputs).filter(({ op }) => op.kind === "input");
  const keep = brittle(graph.outputs);
  const renamed = (x: Node, prefix: string): Node => {
    if (x.op.kind !== "input") throw new RangeError("inputs have names");
    return input(`${prefix}${x.op.name}`, x.shape, x.dtype);
  };
  const varies = used.filter((x) =>
    (x.dtype === "f32" && !keep.has(x.hash)) || (x.dtype === "u32" && sizeOf(x.shape) < 50)
  ).filter((_, i) => i < 6);
  const fixed = used.filter((x) => !varies.includes(x));
  const counter = input(`${name}i`, [], "u32"), limit = input(`${name}limit`, [], "u32");
  const formals = [...varies, ...fixed].map((x) => renamed(x, `${name}f`));
  const outputs = substitute(
    graph.outputs,
    new Map([...varies, ...fixed].map((x, i) => [x.hash, formals[i]!])),
  ).filter((x) => x.dtype === "f32");
  const pieces = [...outputs];
  if (nested) {
    const inner = loopOf(seed + 7919, `${name}n`, { condition, nested: false }, inputs);
    const from = formals.find((f) => f.dtype === "f32")!;
    const starts = inner.carried.map((x, k) =>
      x.dtype === "f32" && k % 2 === 0 ? add(x, broadcastTo(scalarOf(from), x.shape)) : x
    );
    // What the inner loop reads is given through the outer one.
    const outside = topological([...inner.carried, ...inner.constants])
      .filter(({ op }) => op.kind === "input");
    fixed.push(...outside);
    formals.push(...outside);
    pieces.push(
      ...repeat(inner.loop, starts, inner.constants).filter((x) => x.dtype === "f32"),
      // One that depends on nothing carried.
      ...repeat(inner.loop, inner.carried, inner.constants).filter((x) => x.dtype === "f32"),
    );
  }
  let piece = 0;
  const next = varies.map((x, k): Node => {
    const own = formals[k]!;
    if (x.dtype === "u32") return add(own, 1);
    let value = mul(0.5, own);
    const times = Math.ceil(pieces.length / Math.max(1, varies.length)) + 1;
    for (let j = 0; j < times && piece < pieces.length * 2; j++) {
      const other = pieces[piece++ % pieces.length]!;
      value = add(value, mul(0.2, tanh(mul(0.1, like(other, x.shape)))));
    }
    return value;
  });
  const times = 1 + below(5);
  inputs.set(`${name}limit@0`, tensor([below(times + 2)], [], "u32"));
  for (const x of used) {
    if (x.op.kind !== "input") continue;
    inputs.set(`${name}a${x.op.name}@0`, graph.inputs.get(`${x.op.name}@0`)!);
  }
  const actual = (x: Node) => used.includes(x) ? renamed(x, `${name}a`) : x;
  return {
    loop: {
      times,
      formals: [
        counter,
        ...formals.slice(0, varies.length),
        limit,
        ...formals.slice(varies.length),
      ],
      next: [add(counter, 1), ...next],
      ...condition ? { condition: compare("lt", counter, limit) } : {},
    },
    carried: [constant(0, [], "u32"), ...varies.map(actual)],
    constants: [limit, ...fixed.map(actual)],
  };
}

/** The final values of a random loop, with the values of its inputs. */
export function randomLoop(seed: number, shape: LoopShape): RandomGraph {
  const inputs = new Map<string, Tensor>();
  const { loop, carried, constants } = loopOf(seed, "", shape, inputs);
  const outputs = repeat(loop, carried, constants);
  const reached = new Set(
    topological(outputs).flatMap(({ op }) => op.kind === "input" ? [`${op.name}@0`] : []),
  );
  for (const key of [...inputs.keys()]) if (!reached.has(key)) inputs.delete(key);
  return { outputs, inputs };
}
