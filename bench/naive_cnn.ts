/**
 * A training step of the MNIST CNN in plain loops over typed arrays, layer after layer: what one
 * writes at first, without tiles, unrolling or fusion. Sums are kept in a number and stored as f32.
 */

/** The parameters, row-major: filters [out, in, 5, 5], dense weights [out, in]. */
export interface CnnParameters {
  readonly "conv1/weight": Float32Array;
  readonly "conv1/bias": Float32Array;
  readonly "conv2/weight": Float32Array;
  readonly "conv2/bias": Float32Array;
  readonly "dense1/weight": Float32Array;
  readonly "dense1/bias": Float32Array;
  readonly "dense2/weight": Float32Array;
  readonly "dense2/bias": Float32Array;
}

const MEAN = 0.1307, DEVIATION = 0.3081;
const TAPS = 5;

/** A convolution's extents: images, channels in and out, and the side of the input. */
interface ConvShape {
  readonly n: number;
  readonly from: number;
  readonly to: number;
  readonly side: number;
}

function convForward(
  x: Float32Array,
  w: Float32Array,
  bias: Float32Array,
  y: Float32Array,
  { n, from, to, side }: ConvShape,
): void {
  const out = side - TAPS + 1;
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < to; o++) {
      for (let i = 0; i < out; i++) {
        for (let j = 0; j < out; j++) {
          let sum = bias[o]!;
          for (let c = 0; c < from; c++) {
            for (let p = 0; p < TAPS; p++) {
              const row = ((b * from + c) * side + i + p) * side + j;
              const tap = ((o * from + c) * TAPS + p) * TAPS;
              for (let q = 0; q < TAPS; q++) sum += x[row + q]! * w[tap + q]!;
            }
          }
          y[((b * to + o) * out + i) * out + j] = sum;
        }
      }
    }
  }
}

function convWeightGradient(
  x: Float32Array,
  dy: Float32Array,
  dw: Float32Array,
  db: Float32Array,
  { n, from, to, side }: ConvShape,
): void {
  const out = side - TAPS + 1;
  for (let o = 0; o < to; o++) {
    let total = 0;
    for (let b = 0; b < n; b++) {
      const start = (b * to + o) * out * out;
      for (let k = 0; k < out * out; k++) total += dy[start + k]!;
    }
    db[o] = total;
    for (let c = 0; c < from; c++) {
      for (let p = 0; p < TAPS; p++) {
        for (let q = 0; q < TAPS; q++) {
          let sum = 0;
          for (let b = 0; b < n; b++) {
            for (let i = 0; i < out; i++) {
              const row = ((b * from + c) * side + i + p) * side + q;
              const at = ((b * to + o) * out + i) * out;
              for (let j = 0; j < out; j++) sum += x[row + j]! * dy[at + j]!;
            }
          }
          dw[((o * from + c) * TAPS + p) * TAPS + q] = sum;
        }
      }
    }
  }
}

function convInputGradient(
  w: Float32Array,
  dy: Float32Array,
  dx: Float32Array,
  { n, from, to, side }: ConvShape,
): void {
  const out = side - TAPS + 1;
  dx.fill(0);
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < to; o++) {
      for (let c = 0; c < from; c++) {
        for (let p = 0; p < TAPS; p++) {
          for (let q = 0; q < TAPS; q++) {
            const tap = w[((o * from + c) * TAPS + p) * TAPS + q]!;
            for (let i = 0; i < out; i++) {
              const row = ((b * from + c) * side + i + p) * side + q;
              const at = ((b * to + o) * out + i) * out;
              for (let j = 0; j < out; j++) dx[row + j]! += tap * dy[at + j]!;
            }
          }
        }
      }
    }
  }
}

/** Maxima of 2×2 windows of `planes` planes, where they were, and the rectified maxima. */
function poolForward(
  x: Float32Array,
  y: Float32Array,
  at: Uint32Array,
  planes: number,
  side: number,
): void {
  const half = side / 2;
  for (let plane = 0; plane < planes; plane++) {
    for (let i = 0; i < half; i++) {
      for (let j = 0; j < half; j++) {
        let place = (plane * side + 2 * i) * side + 2 * j;
        for (const k of [place + 1, place + side, place + side + 1]) {
          if (x[k]! > x[place]!) place = k;
        }
        const k = (plane * half + i) * half + j;
        at[k] = place;
        y[k] = x[place]! > 0 ? x[place]! : 0;
      }
    }
  }
}

function poolBackward(y: Float32Array, at: Uint32Array, dy: Float32Array, dx: Float32Array): void {
  dx.fill(0);
  for (let k = 0; k < y.length; k++) if (y[k]! > 0) dx[at[k]!] = dy[k]!;
}

function denseForward(
  x: Float32Array,
  w: Float32Array,
  bias: Float32Array,
  y: Float32Array,
  n: number,
): void {
  const to = bias.length, from = w.length / to;
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < to; o++) {
      let sum = bias[o]!;
      for (let i = 0; i < from; i++) sum += x[b * from + i]! * w[o * from + i]!;
      y[b * to + o] = sum;
    }
  }
}

function denseBackward(
  x: Float32Array,
  w: Float32Array,
  dy: Float32Array,
  { dx, dw, db }: {
    readonly dx: Float32Array;
    readonly dw: Float32Array;
    readonly db: Float32Array;
  },
  n: number,
): void {
  const to = db.length, from = w.length / to;
  dx.fill(0);
  dw.fill(0);
  db.fill(0);
  for (let b = 0; b < n; b++) {
    for (let o = 0; o < to; o++) {
      const g = dy[b * to + o]!;
      db[o]! += g;
      for (let i = 0; i < from; i++) {
        dx[b * from + i]! += g * w[o * from + i]!;
        dw[o * from + i]! += g * x[b * from + i]!;
      }
    }
  }
}

/** Mean cross-entropy of logits [n, classes], and its gradient. */
function crossEntropy(
  logits: Float32Array,
  labels: Uint32Array,
  gradient: Float32Array,
  n: number,
): number {
  const classes = logits.length / n;
  let loss = 0;
  for (let b = 0; b < n; b++) {
    const row = logits.subarray(b * classes, (b + 1) * classes);
    const largest = row.reduce((a, z) => Math.max(a, z), -Infinity);
    const total = row.reduce((sum, z) => sum + Math.exp(z - largest), 0);
    const label = labels[b]!;
    loss += Math.log(total) + largest - row[label]!;
    for (let k = 0; k < classes; k++) {
      const p = Math.exp(row[k]! - largest) / total;
      gradient[b * classes + k] = (p - (k === label ? 1 : 0)) / n;
    }
  }
  return loss / n;
}

/** Plain gradient steps on batches of `n` images of 28×28 pixels from 0 to 1; gives the loss. */
export function naiveCnn(
  p: CnnParameters,
  n: number,
  learningRate: number,
): (pixels: Float32Array, labels: Uint32Array) => number {
  const image = new Float32Array(n * 784);
  const conv1 = new Float32Array(n * 10 * 576), dconv1 = new Float32Array(conv1.length);
  const pool1 = new Float32Array(n * 10 * 144), dpool1 = new Float32Array(pool1.length);
  const conv2 = new Float32Array(n * 20 * 64), dconv2 = new Float32Array(conv2.length);
  const pool2 = new Float32Array(n * 20 * 16), dpool2 = new Float32Array(pool2.length);
  const at1 = new Uint32Array(pool1.length), at2 = new Uint32Array(pool2.length);
  const hidden = new Float32Array(n * 50), dhidden = new Float32Array(hidden.length);
  const logits = new Float32Array(n * 10), dlogits = new Float32Array(logits.length);
  const names = Object.keys(p) as (keyof CnnParameters)[];
  const g = Object.fromEntries(
    names.map((name) => [name, new Float32Array(p[name].length)]),
  ) as unknown as CnnParameters;
  const first: ConvShape = { n, from: 1, to: 10, side: 28 };
  const second: ConvShape = { n, from: 10, to: 20, side: 12 };
  return (pixels, labels) => {
    for (let k = 0; k < image.length; k++) image[k] = (pixels[k]! - MEAN) / DEVIATION;
    convForward(image, p["conv1/weight"], p["conv1/bias"], conv1, first);
    poolForward(conv1, pool1, at1, n * 10, 24);
    convForward(pool1, p["conv2/weight"], p["conv2/bias"], conv2, second);
    poolForward(conv2, pool2, at2, n * 20, 8);
    denseForward(pool2, p["dense1/weight"], p["dense1/bias"], hidden, n);
    for (let k = 0; k < hidden.length; k++) hidden[k] = hidden[k]! > 0 ? hidden[k]! : 0;
    denseForward(hidden, p["dense2/weight"], p["dense2/bias"], logits, n);
    const loss = crossEntropy(logits, labels, dlogits, n);

    denseBackward(hidden, p["dense2/weight"], dlogits, {
      dx: dhidden,
      dw: g["dense2/weight"],
      db: g["dense2/bias"],
    }, n);
    for (let k = 0; k < hidden.length; k++) if (hidden[k] === 0) dhidden[k] = 0;
    denseBackward(pool2, p["dense1/weight"], dhidden, {
      dx: dpool2,
      dw: g["dense1/weight"],
      db: g["dense1/bias"],
    }, n);
    poolBackward(pool2, at2, dpool2, dconv2);
    convWeightGradient(pool1, dconv2, g["conv2/weight"], g["conv2/bias"], second);
    convInputGradient(p["conv2/weight"], dconv2, dpool1, second);
    poolBackward(pool1, at1, dpool1, dconv1);
    convWeightGradient(image, dconv1, g["conv1/weight"], g["conv1/bias"], first);

    for (const name of names) {
      const theta = p[name], gradient = g[name];
      for (let k = 0; k < theta.length; k++) theta[k]! -= learningRate * gradient[k]!;
    }
    return loss;
  };
}
