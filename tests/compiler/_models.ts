/** Small networks with their losses, gradients and Hessian-vector products as graphs. */
import { gradient } from "../../src/autodiff/vjp.ts";
import { hessianVector } from "../../src/autodiff/products.ts";
import { type Activation, mlp, mnistCnn } from "../../src/nn/models.ts";
import { relu, tanh } from "../../src/nn/activations.ts";
import { dropout } from "../../src/nn/dropout.ts";
import { conv2d, dense, flatten, type Pair } from "../../src/nn/layers.ts";
import { softmaxCrossEntropy } from "../../src/nn/losses.ts";
import { makeMode } from "../../src/nn/mode.ts";
import type { Tensors } from "../../src/nn/parameters.ts";
import { averagePool2d, maxPool2d } from "../../src/nn/pooling.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import { type Node, type Shape, sizeOf } from "../../src/tensor/node.ts";
import { add, broadcast, input, mean, mul } from "../../src/tensor/ops.ts";
import { randomKey, randomWord } from "../../src/tensor/random.ts";

/** A graph with the values of its inputs. */
export interface Case {
  readonly name: string;
  readonly outputs: readonly Node[];
  readonly inputs: ReadonlyMap<string, Tensor>;
}

/** A convolution, pooling, activation and dense layer of some sizes. */
export interface CnnOptions {
  readonly batch: number;
  /** Channels, height and width of the images. */
  readonly image: readonly [number, number, number];
  readonly filters: number;
  readonly kernel: Pair;
  readonly stride?: Pair;
  readonly padding?: Pair;
  readonly pool: {
    readonly kind: "max" | "average";
    readonly size: Pair;
    readonly stride?: Pair;
    readonly padding?: Pair;
  };
  readonly classes: number;
  readonly drop?: number;
}

interface Builder {
  readonly inputs: Map<string, Tensor>;
  readonly parameters: Node[];
  readonly directions: Node[];
  uniform(name: string, shape: Shape, bound: number): Node;
  labels(name: string, batch: number, classes: number): Node;
  parameter(name: string, shape: Shape): Node;
  scalar(name: string, value: number): Node;
}

function builder(seed: number): Builder {
  const key = randomKey(seed, 1, 0);
  let count = 0;
  const inputs = new Map<string, Tensor>();
  const given = (name: string, values: readonly number[], shape: Shape, dtype: "f32" | "u32") => {
    inputs.set(`${name}@0`, tensor(values, shape, dtype, "f32"));
    return input(name, shape, dtype);
  };
  const numbers = (shape: Shape, of: (word: number) => number) =>
    Array.from({ length: sizeOf(shape) }, () => of(randomWord(key, count++)));
  const uniform = (name: string, shape: Shape, bound: number) =>
    given(name, numbers(shape, (w) => (w / 2 ** 31 - 1) * bound), shape, "f32");
  const parameters: Node[] = [], directions: Node[] = [];
  return {
    inputs,
    parameters,
    directions,
    uniform,
    labels: (name, batch, classes) =>
      given(name, numbers([batch], (w) => w % classes), [batch], "u32"),
    scalar: (name, value) => given(name, [value], [], "u32"),
    parameter: (name, shape) => {
      const bound = 1 / Math.sqrt(sizeOf(shape.slice(1)));
      const node = uniform(name, shape, bound);
      parameters.push(node);
      directions.push(uniform(`${name}/direction`, shape, 1));
      return node;
    },
  };
}

function caseOf(name: string, b: Builder, loss: Node, order: 1 | 2): Case {
  const first = gradient(loss, b.parameters);
  const second = order === 2 ? hessianVector(loss, b.parameters, b.directions) : [];
  return { name, outputs: [loss, ...first, ...second], inputs: b.inputs };
}

/** Loss, gradient and Hessian-vector product of a small convolutional network. */
export function cnnCase(options: CnnOptions, seed: number): Case {
  const { batch, image, filters, kernel, stride = 1, padding = 0, pool, classes, drop } = options;
  const b = builder(seed);
  const x = b.uniform("x", [batch, ...image], 1);
  const y = b.labels("y", batch, classes);
  const [kh, kw] = typeof kernel === "number" ? [kernel, kernel] : kernel;
  const w = b.parameter("w", [filters, image[0], kh, kw]);
  const bias = b.parameter("b", [filters]);
  const convolved = conv2d(x, w, { stride, padding });
  const biased = add(convolved, broadcast(bias, convolved.shape, [1]));
  const { kind, ...windows } = pool;
  const pooled = (kind === "max" ? maxPool2d : averagePool2d)(biased, windows);
  let hidden = flatten(kind === "max" ? relu(pooled) : tanh(pooled));
  if (drop !== undefined) {
    const mode = makeMode(true, b.scalar("key", 77), b.scalar("count", 3));
    hidden = dropout(hidden, drop, mode.random("drop"));
  }
  const logits = dense(
    hidden,
    b.parameter("w2", [classes, hidden.shape[1]!]),
    b.parameter("b2", [classes]),
  );
  return caseOf(
    `network ${JSON.stringify(options)}`,
    b,
    mean(softmaxCrossEntropy(logits, y)),
    2,
  );
}

/** Loss, gradient and Hessian-vector product of dense layers. */
export function mlpCase(
  batch: number,
  widths: readonly number[],
  activation: Activation,
  seed: number,
): Case {
  const b = builder(seed);
  const classes = widths[widths.length - 1]!;
  const model = mlp({ input: widths[0]!, hidden: widths.slice(1, -1), classes, activation });
  const parameters = Object.fromEntries(
    Object.entries(model.parameters).map(([name, { weight, bias }]) => [name, {
      weight: b.parameter(`${name}/weight`, weight.shape),
      bias: b.parameter(`${name}/bias`, bias.shape),
    }]),
  );
  const x = b.uniform("x", [batch, widths[0]!], 1);
  const mode = makeMode(true, b.scalar("key", 1), b.scalar("count", 0));
  const logits = model.outputs(parameters, x, mode);
  const loss = mean(softmaxCrossEntropy(logits, b.labels("y", batch, classes)));
  return caseOf(`${widths} with ${activation} on ${batch} examples`, b, mul(loss, 1), 2);
}

/** Loss, gradient and, for order 2, Hessian-vector product of the network of the first paper. */
export function paperCase(batch: number, order: 1 | 2, seed: number): Case {
  const b = builder(seed);
  const model = mnistCnn();
  const parameters = Object.fromEntries(
    Object.entries(model.parameters).map(([name, { weight, bias }]) => [name, {
      weight: b.parameter(`${name}/weight`, weight.shape),
      bias: b.parameter(`${name}/bias`, bias.shape),
    }]),
  ) as Tensors<typeof model.parameters>;
  const x = b.uniform("x", [batch, 1, 28, 28], 1);
  const mode = makeMode(true, b.scalar("key", 5), b.scalar("count", 9));
  const logits = model.outputs(parameters, x, mode);
  const loss = mean(softmaxCrossEntropy(logits, b.labels("y", batch, 10)));
  return caseOf(`the paper's network on ${batch} examples`, b, loss, order);
}
