/** Networks like the CNN with other shapes and layers, and the arithmetic of a training step of each. */
import { gelu, relu } from "../../src/nn/activations.ts";
import { pytorchUniform } from "../../src/nn/initial.ts";
import { conv2d, dense, flatten } from "../../src/nn/layers.ts";
import type { Model } from "../../src/nn/models.ts";
import type { Parameters } from "../../src/nn/parameters.ts";
import { averagePool2d, maxPool2d } from "../../src/nn/pooling.ts";
import { type Node, sizeOf } from "../../src/tensor/node.ts";

/** Windows of `size`, every `stride`. */
interface Pool {
  readonly kind: "max" | "average";
  readonly size: number;
  readonly stride: number;
}

/** A square convolution, what pools it, and the activation after that. */
interface Convolution {
  readonly features: number;
  readonly size: number;
  readonly stride: number;
  readonly padding: number;
  readonly pool?: Pool;
}

/** A network on 28×28 images of 10 classes. */
export interface Network {
  readonly convolutions: readonly Convolution[];
  readonly hidden: readonly number[];
  readonly batch: number;
  readonly activation: "relu" | "gelu";
  readonly bias: boolean;
}

const PIXELS = 28, CLASSES = 10;

const five = (features: number, pool: Pool): Convolution => ({
  features,
  size: 5,
  stride: 1,
  padding: 0,
  pool,
});
const three = (features: number, stride: number, pool?: Pool): Convolution => ({
  features,
  size: 3,
  stride,
  padding: 1,
  ...pool === undefined ? {} : { pool },
});
const HALVED: Pool = { kind: "max", size: 2, stride: 2 };
const cnn = (first: number, second: number, units: number, pool: Pool = HALVED): Network => ({
  convolutions: [five(first, pool), five(second, pool)],
  hidden: [units],
  batch: 60,
  activation: "relu",
  bias: true,
});

/** The CNN of the other rows. */
export const REFERENCE: Network = cnn(10, 20, 50);

/** The same layers in other sizes. */
export const SHAPES = {
  batch120: { ...REFERENCE, batch: 120 },
  double: cnn(20, 40, 100),
  batch61: { ...REFERENCE, batch: 61 },
  odd: cnn(11, 23, 50),
} as const satisfies Readonly<Record<string, Network>>;

/** Other layers. */
export const FAMILY = {
  stride: { ...REFERENCE, convolutions: [three(10, 2), three(20, 2)] },
  overlapping: cnn(10, 20, 50, { kind: "max", size: 3, stride: 2 }),
  average: cnn(10, 20, 50, { kind: "average", size: 2, stride: 2 }),
  gelu: { ...REFERENCE, activation: "gelu" },
  unbiased: { ...REFERENCE, bias: false },
  deep: {
    ...REFERENCE,
    convolutions: [five(10, HALVED), three(20, 1), three(20, 1, HALVED)],
  },
  single: { ...REFERENCE, batch: 1 },
  mlp: { ...REFERENCE, convolutions: [], hidden: [128, 64] },
} as const satisfies Readonly<Record<string, Network>>;

interface Sizes {
  readonly channels: number;
  readonly side: number;
}

const windows = (side: number, size: number, stride: number, padding: number): number =>
  Math.floor((side + 2 * padding - size) / stride) + 1;

function after({ side }: Sizes, layer: Convolution): Sizes & { readonly convolved: number } {
  const convolved = windows(side, layer.size, layer.stride, layer.padding);
  const { pool } = layer;
  return {
    channels: layer.features,
    convolved,
    side: pool === undefined ? convolved : windows(convolved, pool.size, pool.stride, 0),
  };
}

/** Sizes before each convolution, and after the last. */
function sizesOf({ convolutions }: Network): readonly Sizes[] {
  return convolutions.reduce<readonly Sizes[]>(
    (sizes, layer) => [...sizes, after(sizes.at(-1)!, layer)],
    [{ channels: 1, side: PIXELS }],
  );
}

function widthsOf(network: Network): readonly number[] {
  const { channels, side } = sizesOf(network).at(-1)!;
  return [channels * side * side, ...network.hidden, CLASSES];
}

/** Multiply-adds of a training step: of each layer forward, for its weights and, but for the first, its inputs. */
export function multiplyAdds(network: Network): number {
  const sizes = sizesOf(network), widths = widthsOf(network);
  const layers = [
    ...network.convolutions.map((layer, i) => {
      const { convolved } = after(sizes[i]!, layer);
      return layer.features * sizes[i]!.channels * (layer.size * convolved) ** 2;
    }),
    ...widths.slice(1).map((width, i) => width * widths[i]!),
  ];
  return layers.reduce((sum, n, i) => sum + (i === 0 ? 2 : 3) * n, 0) * network.batch;
}

/** The parameters of a layer, as tensors. */
interface Weights {
  readonly weight: Node;
  readonly bias?: Node;
}

/** The network as a model. */
export function modelOf(network: Network): Model<Parameters> {
  const sizes = sizesOf(network), widths = widthsOf(network);
  const shapes = [
    ...network.convolutions.map(({ features, size }, i) =>
      [features, sizes[i]!.channels, size, size] as const
    ),
    ...widths.slice(1).map((width, i) => [width, widths[i]!] as const),
  ];
  const activation = network.activation === "relu" ? relu : gelu;
  const names = shapes.map((_, i) => `layer${i + 1}`);
  return {
    name: "network",
    inputShape: [1, PIXELS, PIXELS],
    classes: CLASSES,
    parameters: Object.fromEntries(shapes.map((shape, i) => {
      const fanIn = sizeOf(shape.slice(1));
      const weight = pytorchUniform(shape, fanIn);
      const bias = pytorchUniform(shape.slice(0, 1), fanIn);
      return [names[i]!, network.bias ? { weight, bias } : { weight }];
    })),
    outputs: (p, x) => {
      const layers = p as unknown as Readonly<Record<string, Weights>>;
      const pooled = network.convolutions.reduce((y, { pool, stride, padding }, i) => {
        const { weight, bias } = layers[names[i]!]!;
        const z = conv2d(y, weight, { stride, padding, ...bias === undefined ? {} : { bias } });
        if (pool === undefined) return activation(z);
        const { kind, ...windows } = pool;
        return activation((kind === "max" ? maxPool2d : averagePool2d)(z, windows));
      }, x);
      return names.slice(network.convolutions.length).reduce((y, name, i) => {
        const { weight, bias } = layers[name]!;
        const z = dense(y, weight, bias);
        return i === network.hidden.length ? z : activation(z);
      }, flatten(pooled));
    },
  };
}
