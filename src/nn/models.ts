/**
 * Models as values: initial parameters, and a builder of outputs that reads the batch size from its
 * input.
 *
 * @module
 */
import { isRecord, optionIssues, refuse, required, type Rules, whole } from "../errors/options.ts";
import { type Node, type Shape, sizeOf } from "../tensor/node.ts";
import { div, sub } from "../tensor/ops.ts";
import { gelu, relu, sigmoid, softplus, tanh } from "./activations.ts";
import { channelDropout, dropout } from "./dropout.ts";
import { type Initializer, pytorchUniform } from "./initial.ts";
import { conv2d, dense, flatten } from "./layers.ts";
import type { Mode } from "./mode.ts";
import type { Tensors } from "./parameters.ts";
import { maxPool2d } from "./pooling.ts";

/** A classifier: logits for inputs [N, …inputShape]. */
export interface Model<P> {
  /** Such as `mlp`. */
  readonly name: string;
  /** How each parameter starts, by name, nested at will. */
  readonly parameters: P;
  /** The shape of one example. */
  readonly inputShape: Shape;
  /** How many logits there are. */
  readonly classes: number;
  /** Logits [N, classes]. */
  readonly outputs: (parameters: Tensors<P>, x: Node, mode: Mode) => Node;
}

/** A layer's parameters. (A type, not an interface: only types are assignable to a record.) */
export type Layer = {
  readonly weight: Initializer;
  readonly bias: Initializer;
};

/** The name of an activation. */
export type Activation = "relu" | "tanh" | "sigmoid" | "gelu" | "softplus" | "identity";

const ACTIVATIONS: { readonly [A in Activation]: (x: Node) => Node } = {
  relu,
  tanh,
  sigmoid,
  gelu,
  softplus,
  identity: (x: Node): Node => x,
};

/** How large an {@link mlp} is. */
export interface MlpOptions {
  /** The shape of one example, or its number of features. */
  readonly input: number | Shape;
  /**
   * Widths of the hidden layers, first to last.
   *
   * @default none
   */
  readonly hidden?: readonly number[];
  /** How many logits there are, ≥ 1. */
  readonly classes: number;
  /**
   * What follows each hidden layer.
   *
   * @default "relu"
   */
  readonly activation?: Activation;
}

const isWidth = (x: unknown): boolean => Number.isInteger(x) && Number(x) >= 1;
const areWidths = (x: unknown): boolean => Array.isArray(x) && x.every(isWidth);

const MLP: Rules<MlpOptions> = {
  input: required([
    (x) => isWidth(x) || areWidths(x),
    "a number of features, or a shape: positive integers",
  ]),
  hidden: [areWidths, "a list of widths: positive integers"],
  classes: required(whole(1)),
  activation: [
    (x) => typeof x === "string" && Object.hasOwn(ACTIVATIONS, x),
    `one of ${Object.keys(ACTIVATIONS).join(", ")}`,
  ],
};

function layer(shape: Shape): Layer {
  const fanIn = sizeOf(shape.slice(1));
  return { weight: pytorchUniform(shape, fanIn), bias: pytorchUniform(shape.slice(0, 1), fanIn) };
}

/**
 * Dense layers `layer1`, `layer2`, … with an activation between them, initialised by
 * U(±1/√fanIn).
 *
 * @example
 * ```ts
 * import { mlp } from "@steepest/steepest";
 *
 * const model = mlp({ input: [28, 28], hidden: [32], classes: 10 });
 * const shape = model.parameters["layer1"]?.weight.shape;
 * if (shape?.join() !== "32,784") throw new Error("not as expected");
 * ```
 */
export function mlp(options: MlpOptions): Model<Readonly<Record<string, Layer>>> {
  refuse(optionIssues("mlp", options, MLP));
  const { input, hidden = [], classes, activation = "relu" } = options;
  const inputShape = typeof input === "number" ? [input] : [...input];
  const widths = [sizeOf(inputShape), ...hidden, classes];
  const names = widths.slice(1).map((_, i) => `layer${i + 1}`);
  const parameters = Object.fromEntries(
    names.map((name, i) => [name, layer([widths[i + 1]!, widths[i]!])]),
  );
  return {
    name: "mlp",
    parameters,
    inputShape,
    classes,
    outputs: (p, x) =>
      names.reduce((value, name, i) => {
        const y = dense(value, p[name]!.weight, p[name]!.bias);
        return i === names.length - 1 ? y : ACTIVATIONS[activation](y);
      }, flatten(x)),
  };
}

/** Variations of {@link mnistCnn}. */
export interface MnistCnnOptions {
  /**
   * Both dropouts with rate ½, as in the paper.
   *
   * @default true
   */
  readonly dropout?: boolean;
  /**
   * Mean and deviation that pixels are normalised with; null: not at all.
   *
   * @default 0.1307 and 0.3081
   */
  readonly normalise?: { readonly mean: number; readonly deviation: number } | null;
  /**
   * Features of the two convolutions and of the dense layer.
   *
   * @default [10, 20, 50]
   */
  readonly widths?: readonly [number, number, number];
}

const MNIST_CNN: Rules<MnistCnnOptions> = {
  dropout: [(x) => typeof x === "boolean", "true or false"],
  normalise: [
    (x) => x === null || isRecord(x) && Number.isFinite(x["mean"]) && Number(x["deviation"]) > 0,
    "a mean, and a deviation above 0",
  ],
  widths: [(x) => areWidths(x) && (x as Shape).length === 3, "three positive integers"],
};

/** The parameters of {@link mnistCnn}, by layer. */
export type MnistCnnParameters = {
  readonly conv1: Layer;
  readonly conv2: Layer;
  readonly dense1: Layer;
  readonly dense2: Layer;
};

/**
 * The network of Norm-Adapted Gradient Descent, section 4: two 5×5 convolutions with 10 and 20
 * features, each followed by 2×2 max pooling and relu, then dense layers of 50 and 10. In training,
 * whole features of the second convolution and units of the first dense layer are dropped with
 * probability ½. Inputs are pixels in [0, 1], [N, 1, 28, 28].
 *
 * The order within the layers and the initialisation U(±1/√fanIn) are not in the paper; they are
 * those of the PyTorch example it describes: relu(pool(drop(conv))).
 *
 * @example
 * ```ts
 * import { mnistCnn } from "@steepest/steepest";
 *
 * const { shape } = mnistCnn().parameters.dense1.weight;
 * if (shape.join() !== "50,320") throw new Error("not as expected");
 * ```
 */
export function mnistCnn(options: MnistCnnOptions = {}): Model<MnistCnnParameters> {
  refuse(optionIssues("mnistCnn", options, MNIST_CNN));
  const { dropout: dropping = true, widths: [features1, features2, units] = [10, 20, 50] } =
    options;
  const normalise = options.normalise === undefined
    ? { mean: 0.1307, deviation: 0.3081 }
    : options.normalise;
  return {
    name: "mnist-cnn",
    parameters: {
      conv1: layer([features1, 1, 5, 5]),
      conv2: layer([features2, features1, 5, 5]),
      dense1: layer([units, features2 * 16]),
      dense2: layer([10, units]),
    },
    inputShape: [1, 28, 28],
    classes: 10,
    outputs: (p, x, mode) => {
      const active = dropping && mode.training;
      const pixels = normalise === null ? x : div(sub(x, normalise.mean), normalise.deviation);
      const first = conv2d(pixels, p.conv1.weight, { bias: p.conv1.bias });
      const second = conv2d(relu(maxPool2d(first, { size: 2 })), p.conv2.weight, {
        bias: p.conv2.bias,
      });
      const kept = active ? channelDropout(second, 0.5, mode.random("conv2/dropout")) : second;
      const flat = flatten(relu(maxPool2d(kept, { size: 2 })));
      const hidden = relu(dense(flat, p.dense1.weight, p.dense1.bias));
      const used = active ? dropout(hidden, 0.5, mode.random("dense1/dropout")) : hidden;
      return dense(used, p.dense2.weight, p.dense2.bias);
    },
  };
}
