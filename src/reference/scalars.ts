/**
 * A fast evaluator of small scalar graphs: schedules, averaging weights and other values that the
 * host computes at each step.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { type Node, sizeOf } from "../tensor/node.ts";
import {
  BINARY_FUNCTIONS,
  CAST_FUNCTIONS,
  COMPARE_FUNCTIONS,
  UNARY_FUNCTIONS,
} from "../tensor/scalar.ts";
import { randomKey, randomWord } from "../tensor/random.ts";
import { topological } from "../tensor/walk.ts";

type Inputs = ReadonlyMap<string, number>;

/** Computes one slot of the registers from earlier ones. */
type Step = (registers: Float64Array, inputs: Inputs) => void;

function unsupported(node: Node): never {
  throw failure(
    "need",
    "scalarEvaluator",
    `${node.op.kind} of shape [${node.shape.join(", ")}]`,
    "elementwise operations on scalars",
  );
}

function unaryStep(to: number, x: number, f: (x: number) => number): Step {
  return (r) => {
    r[to] = f(r[x]!);
  };
}

function binaryStep(to: number, a: number, b: number, f: (a: number, b: number) => number): Step {
  return (r) => {
    r[to] = f(r[a]!, r[b]!);
  };
}

function inputStep(to: number, key: string, convert: (x: number) => number): Step {
  return (r, inputs) => {
    const value = inputs.get(key);
    if (value === undefined) throw failure("need", key, "no value", "a number");
    r[to] = convert(value);
  };
}

function compileNode(node: Node, to: number, [a, b, c]: readonly number[]): Step {
  const { op } = node;
  switch (op.kind) {
    case "input":
      return inputStep(to, `${op.name}@${op.version}`, CAST_FUNCTIONS[node.dtype]);
    case "constant":
      // The conversion is that of a typed array: u32 constants wrap.
      return node.dtype === "u32"
        ? (r) => {
          r[to] = op.values[0]! >>> 0;
        }
        : (r) => {
          r[to] = op.values[0]!;
        };
    case "iota":
      return (r) => {
        r[to] = 0;
      };
    case "unary":
      return unaryStep(to, a!, UNARY_FUNCTIONS[op.fn]);
    case "binary":
      return binaryStep(to, a!, b!, BINARY_FUNCTIONS[op.fn][node.dtype] ?? unsupported(node));
    case "compare":
      return binaryStep(to, a!, b!, COMPARE_FUNCTIONS[op.fn]);
    case "select":
      return (r) => {
        r[to] = r[a!]! !== 0 ? r[b!]! : r[c!]!;
      };
    case "cast":
      return unaryStep(to, a!, CAST_FUNCTIONS[node.dtype]);
    case "randomBits":
      return binaryStep(
        to,
        a!,
        b!,
        (seed, step) => randomWord(randomKey(seed, op.stream, step), 0),
      );
    case "reshape":
    case "broadcast":
    case "permute":
      return unaryStep(to, a!, CAST_FUNCTIONS[node.dtype]);
    default:
      return unsupported(node);
  }
}

/**
 * Compiles scalar outputs into a function of the input values (keys `name@version`) that computes
 * in f64, at a cost of nanoseconds a node.
 *
 * The graph may have elementwise operations, random bits and changes of shape, all of one element.
 *
 * @throws {SteepestError} `need` when another primitive or a larger tensor occurs, and from the
 * function when an input has no value.
 */
export function scalarEvaluator(outputs: readonly Node[]): (inputs: Inputs) => number[] {
  const order = topological(outputs);
  const slots = new Map(order.map((node, i) => [node.hash, i]));
  const steps = order.map((node, i) => {
    if (sizeOf(node.shape) !== 1) unsupported(node);
    return compileNode(node, i, node.inputs.map((x) => slots.get(x.hash)!));
  });
  const registers = new Float64Array(order.length);
  const results = outputs.map((o) => slots.get(o.hash)!);
  return (inputs) => {
    for (const step of steps) step(registers, inputs);
    return results.map((slot) => registers[slot]!);
  };
}
