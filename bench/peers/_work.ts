/**
 * The work that is given to all: where a step starts from, and what it is. Imports nothing, since
 * the programs of the peers know neither the library nor its configuration.
 */

/** Images in a batch. */
export const BATCH = 60;

/** Of Adam, everywhere. */
export const ADAM = { rate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;

/** Numbers in [−bound, bound) from a seed, by xorshift: the same ones in every language. */
export function uniform(size: number, seed: number, bound: number): Float32Array<ArrayBuffer> {
  const values = new Float32Array(size);
  let x = seed >>> 0;
  for (let i = 0; i < size; i++) {
    x ^= x << 13;
    x >>>= 0;
    x ^= x >>> 17;
    x ^= x << 5;
    x >>>= 0;
    values[i] = (2 * x / 2 ** 32 - 1) * bound;
  }
  return values;
}

/** A parameter of the CNN, as PyTorch shapes it: [out, in, …]. */
interface Parameter {
  readonly path: string;
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
}

/** Layers, how large their weights are, and what is summed for an output. */
const LAYERS: readonly (readonly [string, readonly number[], number])[] = [
  ["conv1", [10, 1, 5, 5], 25],
  ["conv2", [20, 10, 5, 5], 250],
  ["dense1", [50, 320], 320],
  ["dense2", [10, 50], 50],
];

/** Where the CNN starts. */
export function parameters(): readonly Parameter[] {
  return LAYERS.flatMap(([name, shape, fan], i) => {
    const size = shape.reduce((a, b) => a * b, 1), bound = 1 / Math.sqrt(fan);
    const width = shape[0]!, seed = 21 + 2 * i;
    return [
      { path: `${name}/weight`, shape, values: uniform(size, seed, bound) },
      { path: `${name}/bias`, shape: [width], values: uniform(width, seed + 1, bound) },
    ];
  });
}

/** A batch of images [60, 1, 28, 28] and of labels: what is drawn in them does not matter. */
export function batch(): {
  readonly images: Float32Array<ArrayBuffer>;
  readonly labels: Uint32Array;
} {
  const labels = Uint32Array.from({ length: BATCH }, (_, i) => (7 * i) % 10);
  return { images: uniform(BATCH * 784, 31, 1), labels };
}

/** What a flat vector of parameters is updated from: itself, and a gradient that stays the same. */
export function flat(
  size: number,
): { readonly theta: Float32Array<ArrayBuffer>; readonly gradient: Float32Array<ArrayBuffer> } {
  return { theta: uniform(size, 3, 1), gradient: uniform(size, 7, 1) };
}
