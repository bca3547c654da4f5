/** jax-js on WebGPU: the step and the update jitted, Adam as optax writes it, inside the graph. */
import { serve, type Task, taskOf, type Worker } from "./_serve.ts";
import { ADAM, BATCH, batch, flat, parameters } from "./_work.ts";

/** An array of jax-js; what takes it owns it, and `ref` is one more owner. */
interface Tensor {
  readonly ref: Tensor;
  add(other: Tensor | number): Tensor;
  sub(other: Tensor): Tensor;
  mul(other: Tensor | number): Tensor;
  div(other: Tensor): Tensor;
  sum(): Tensor;
  reshape(shape: readonly number[]): Tensor;
  transpose(): Tensor;
  dispose(): void;
  data(): Promise<Float32Array>;
  jsAsync(): Promise<number>;
}

type Loss = (parameters: readonly Tensor[], x: Tensor, y: Tensor) => Tensor;

/** As much of jax-js as is used. */
interface Jax {
  init(): Promise<readonly string[]>;
  defaultDevice(name: string): void;
  blockUntilReady(values: unknown): Promise<unknown>;
  jit<A extends readonly unknown[], R>(f: (...args: A) => R): (...args: A) => R;
  valueAndGrad(f: Loss): (...args: Parameters<Loss>) => readonly [Tensor, readonly Tensor[]];
  readonly tree: { ref<T>(values: T): T };
  readonly lax: {
    convGeneralDilated(x: Tensor, w: Tensor, strides: readonly number[], padding: string): Tensor;
    reduceWindow(
      x: Tensor,
      f: unknown,
      size: readonly number[],
      strides: readonly number[],
    ): Tensor;
  };
  readonly nn: {
    relu(x: Tensor): Tensor;
    logSoftmax(x: Tensor): Tensor;
    oneHot(x: Tensor, classes: number): Tensor;
  };
  readonly numpy: {
    readonly max: unknown;
    readonly int32: unknown;
    array(values: ArrayLike<number> | number, options?: { readonly dtype: unknown }): Tensor;
    zeros(shape: readonly number[]): Tensor;
    dot(a: Tensor, b: Tensor): Tensor;
    square(x: Tensor): Tensor;
    sqrt(x: Tensor): Tensor;
    power(base: number, exponent: Tensor): Tensor;
    reciprocal(x: Tensor): Tensor;
    subtract(a: number, b: Tensor): Tensor;
  };
}

// Not written as a literal, so that who checks or publishes the repository need not fetch it.
const PACKAGE = "npm:@jax-js/jax@0.1.25";
const jax = await import(PACKAGE) as Jax;
const { numpy: np, lax, nn, tree, jit } = jax;

/** Parameters, both averages, and the count of steps. */
interface State {
  readonly p: readonly Tensor[];
  readonly m: readonly Tensor[];
  readonly v: readonly Tensor[];
  readonly t: Tensor;
}

/** Takes over all that it is given. */
function adam({ p, m, v, t }: State, g: readonly Tensor[]): State {
  const { rate, beta1, beta2, epsilon } = ADAM;
  const count = t.add(1);
  const c1 = np.reciprocal(np.subtract(1, np.power(beta1, count.ref)));
  const c2 = np.reciprocal(np.subtract(1, np.power(beta2, count.ref)));
  const first = m.map((one, i) => one.mul(beta1).add(g[i]!.ref.mul(1 - beta1)));
  const second = v.map((one, i) => one.mul(beta2).add(np.square(g[i]!).mul(1 - beta2)));
  const after = p.map((one, i) => {
    const root = np.sqrt(second[i]!.ref.mul(c2.ref)).add(epsilon);
    return one.sub(first[i]!.ref.mul(c1.ref).div(root).mul(rate));
  });
  c1.dispose();
  c2.dispose();
  return { p: after, m: first, v: second, t: count };
}

function start(
  values: readonly { readonly shape: readonly number[]; readonly values: Float32Array }[],
): State {
  const zeros = () => values.map(({ shape }) => np.zeros(shape));
  const p = values.map(({ shape, values: own }) => np.array(own).reshape(shape));
  return { p, m: zeros(), v: zeros(), t: np.array(0) };
}

/** The mean loss of the network, which takes over its arguments. */
function loss([w1, b1, w2, b2, w3, b3, w4, b4]: readonly Tensor[], x: Tensor, y: Tensor): Tensor {
  const pool = (z: Tensor) => nn.relu(lax.reduceWindow(z, np.max, [2, 2], [2, 2]));
  const conv = (z: Tensor, w: Tensor, b: Tensor, width: number) =>
    pool(lax.convGeneralDilated(z, w, [1, 1], "VALID").add(b.reshape([width, 1, 1])));
  const features = conv(conv(x, w1!, b1!, 10), w2!, b2!, 20).reshape([BATCH, 320]);
  const hidden = nn.relu(np.dot(features, w3!.transpose()).add(b3!));
  const logits = np.dot(hidden, w4!.transpose()).add(b4!);
  return nn.logSoftmax(logits).mul(nn.oneHot(y, 10)).sum().mul(-1 / BATCH);
}

function cnn(): Worker {
  const { images, labels } = batch();
  const x = np.array(images).reshape([BATCH, 1, 28, 28]);
  const y = np.array(Int32Array.from(labels), { dtype: np.int32 });
  const step = jit((state: State, x: Tensor, y: Tensor): readonly [Tensor, State] => {
    const [value, gradient] = jax.valueAndGrad(loss)(tree.ref(state.p), x, y);
    return [value, adam(state, gradient)];
  });
  let state = start(parameters()), last = np.array(0);
  return {
    run: async (steps) => {
      for (let i = 0; i < steps; i++) {
        last.dispose();
        [last, state] = step(state, x.ref, y.ref);
      }
      await jax.blockUntilReady([last, state]);
    },
    loss: () => last.ref.jsAsync(),
  };
}

function update(size: number): Worker {
  const { theta, gradient } = flat(size);
  const g = np.array(gradient);
  const step = jit((state: State, g: Tensor): State => adam(state, [g]));
  let state = start([{ shape: [size], values: theta }]);
  return {
    run: async (steps) => {
      for (let i = 0; i < steps; i++) state = step(state, g.ref);
      await jax.blockUntilReady(state);
    },
    loss: async () => (await state.p[0]!.ref.data())[0]!,
  };
}

function workerOf(task: Task): Worker {
  return task.kind === "cnn" ? cnn() : update(task.size);
}

if (!(await jax.init()).includes("webgpu")) throw new Error("jax-js finds no WebGPU adapter");
jax.defaultDevice("webgpu");
await serve(PACKAGE.slice("npm:".length), workerOf(taskOf(Deno.args)));
