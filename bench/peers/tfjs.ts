/** TensorFlow.js on WebGPU: the step and the update as its optimizer takes them. */
import { serve, type Task, taskOf, type Worker } from "./_serve.ts";
import { ADAM, BATCH, batch, flat, parameters } from "./_work.ts";

/** A tensor of TensorFlow.js. */
interface Tensor {
  readonly name: string;
  reshape(shape: readonly number[]): Tensor;
  transpose(axes?: readonly number[]): Tensor;
  toFloat(): Tensor;
  dispose(): void;
  data(): Promise<Float32Array>;
}

interface Rule {
  minimize(f: () => Tensor, returnCost: boolean, variables: readonly Tensor[]): Tensor;
  applyGradients(gradients: Readonly<Record<string, Tensor>>): void;
}

/** As much of TensorFlow.js as is used. */
interface Tensorflow {
  setBackend(name: string): Promise<boolean>;
  ready(): Promise<void>;
  tensor(values: ArrayLike<number>, shape: readonly number[], dtype?: string): Tensor;
  variable(value: Tensor): Tensor;
  tidy(f: () => Tensor): Tensor;
  add(a: Tensor, b: Tensor): Tensor;
  relu(x: Tensor): Tensor;
  matMul(a: Tensor, b: Tensor, transposeA?: boolean, transposeB?: boolean): Tensor;
  conv2d(x: Tensor, w: Tensor, strides: number, padding: string): Tensor;
  maxPool(x: Tensor, size: number, strides: number, padding: string): Tensor;
  oneHot(labels: Tensor, classes: number): Tensor;
  slice(x: Tensor, begin: readonly number[], size: readonly number[]): Tensor;
  readonly losses: { softmaxCrossEntropy(labels: Tensor, logits: Tensor): Tensor };
  readonly train: { adam(rate: number, beta1: number, beta2: number, epsilon: number): Rule };
}

// Not written as literals, so that who checks or publishes the repository need not fetch them.
const VERSION = "4.22.0", PACKAGE = `npm:@tensorflow/tfjs@${VERSION}`;
const tf = await import(PACKAGE) as Tensorflow;
await import(`npm:@tensorflow/tfjs-backend-webgpu@${VERSION}`);

const rule = () => tf.train.adam(ADAM.rate, ADAM.beta1, ADAM.beta2, ADAM.epsilon);

function cnn(): Worker {
  const { images, labels } = batch();
  // Channels last: images of one channel are the same numbers in either order.
  const x = tf.tensor(images, [BATCH, 28, 28, 1]);
  const y = tf.oneHot(tf.tensor(Int32Array.from(labels), [BATCH], "int32"), 10).toFloat();
  const [w1, b1, w2, b2, w3, b3, w4, b4] = parameters().map(({ path, shape, values }) => {
    const given = tf.tensor(values, shape);
    if (shape.length === 4) return tf.variable(given.transpose([2, 3, 1, 0]));
    // What the first dense layer reads was flattened with its channels first.
    if (path !== "dense1/weight") return tf.variable(given);
    const last = given.reshape([50, 20, 4, 4]).transpose([0, 2, 3, 1]);
    return tf.variable(last.reshape([50, 320]));
  });
  const conv = (z: Tensor, w: Tensor, b: Tensor) =>
    tf.relu(tf.maxPool(tf.add(tf.conv2d(z, w, 1, "valid"), b), 2, 2, "valid"));
  const loss = () =>
    tf.tidy(() => {
      const features = conv(conv(x, w1!, b1!), w2!, b2!).reshape([BATCH, 320]);
      const hidden = tf.relu(tf.add(tf.matMul(features, w3!, false, true), b3!));
      const logits = tf.add(tf.matMul(hidden, w4!, false, true), b4!);
      return tf.losses.softmaxCrossEntropy(y, logits);
    });
  const variables = [w1!, b1!, w2!, b2!, w3!, b3!, w4!, b4!], adam = rule();
  let last = NaN;
  return {
    run: async (steps) => {
      for (let i = 0; i < steps; i++) {
        const cost = adam.minimize(loss, true, variables);
        // Reading is how one waits; it is done once in a run.
        if (i === steps - 1) last = (await cost.data())[0]!;
        cost.dispose();
      }
    },
    loss: () => Promise.resolve(last),
  };
}

function update(size: number): Worker {
  const { theta, gradient } = flat(size);
  const p = tf.variable(tf.tensor(theta, [size])), g = tf.tensor(gradient, [size]), adam = rule();
  let first = NaN;
  return {
    run: async (steps) => {
      for (let i = 0; i < steps; i++) adam.applyGradients({ [p.name]: g });
      const head = tf.slice(p, [0], [1]);
      first = (await head.data())[0]!;
      head.dispose();
    },
    loss: () => Promise.resolve(first),
  };
}

function workerOf(task: Task): Worker {
  return task.kind === "cnn" ? cnn() : update(task.size);
}

if (!await tf.setBackend("webgpu")) throw new Error("TensorFlow.js finds no WebGPU adapter");
await tf.ready();
await serve(PACKAGE.slice("npm:".length), workerOf(taskOf(Deno.args)));
