/** Mistakes of a first user: each is an error that says what is wrong, none a crash or nonsense. */
import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals, assertRejects, assertThrows } from "../_assert.ts";
import {
  adam,
  add,
  categorical,
  chain,
  classify,
  compile,
  type CompileOptions,
  constant,
  curvature,
  diagonal,
  digits,
  empiricalFisher,
  encode,
  explain,
  flatten,
  getOrThrow,
  grid,
  matmul,
  minimize,
  mlp,
  mnistCnn,
  type Node,
  type Objective,
  objective,
  type Optimizer,
  reshape,
  scale,
  scatterAdd,
  select,
  sgd,
  square,
  SteepestError,
  sub,
  sum,
  sweep,
  train,
  zeros,
} from "../../mod.ts";

const bowl = objective({ parameters: { x: 2 }, loss: ({ x }) => square(x) });
const regression = objective({
  parameters: { w: zeros([5, 3]) },
  batch: { x: [4, 5], y: [4] },
  outputs: ({ w }, { x }) => matmul(x, w),
  likelihood: categorical("y"),
});
const x = new Array<number>(20).fill(0.5);

/** The error of a compilation that fails, as `kind: message`. */
async function refused<P extends Record<string, unknown>, B>(
  of: Objective<P, B>,
  optimizer: Optimizer,
  options: CompileOptions = {},
): Promise<string> {
  const result = await compile(of as never, optimizer, { backend: "js", ...options })();
  assert(E.isLeft(result), "compile() took it");
  return `${result.left.kind}: ${result.left.message}`;
}

// What JSON or a caller without types may bring.
const foreign = (value: unknown): Optimizer => value as Optimizer;

Deno.test("compile(), classify(), explain() and encode() refuse what is no description", async () => {
  const unknown = foreign({ kind: "magic" });
  for (const verb of [classify, explain, encode]) {
    assertThrows(() => verb(unknown), SteepestError, 'found "magic"');
  }
  assert((await refused(bowl, unknown)).startsWith("description: optimizer/kind"));
  assert((await refused(bowl, foreign(undefined))).includes("a transform"));
  assert((await refused(bowl, foreign({ kind: "ema" }))).includes("optimizer/decay"));
  assert((await refused(bowl, foreign({ kind: "scale", by: NaN }))).includes("found NaN"));
});

Deno.test("objective() names the operation that a misspelt parameter goes into", () => {
  const parameters: Record<string, number> = { x: 1 };
  assertThrows(
    () => objective({ parameters, loss: ({ z }) => square(z!) }),
    SteepestError,
    "mul: expected a tensor or a number, found nothing",
  );
});

Deno.test("mlp() refuses an activation that it does not know", () => {
  assertThrows(
    () => mlp({ input: 3, classes: 2, activation: "swish" as "relu" }),
    SteepestError,
    "mlp/activation",
  );
});

Deno.test("compile() refuses labels that name no class, and other data that make no sense", async () => {
  const labels = (y: readonly number[]) => refused(regression, sgd(), { data: { x, y } });
  assertEquals(
    await labels([0, 1, 2, 3]),
    "data: batch/y: expected classes from 0 to 2, found the label 3",
  );
  assert((await labels([0, 1, -1, 2])).includes("found -1"));
  assert((await labels([0, 1, 0.5, 2])).includes("found 0.5"));
  const inputs = (of: unknown) => {
    return refused(regression, sgd(), { data: { x: of as number[], y: [0, 1, 2, 0] } });
  };
  for (
    const [of, found] of [
      [x.with(7, NaN), "NaN at element 7"],
      [x.map(String), '"0.5" at element 0'],
      [new Array(20), "nothing at element 0"],
      [new BigInt64Array(20), "a bigint at element 0"],
      ["01234567890123456789", '"01234567890123456789"'],
      [null, "null"],
    ] as const
  ) {
    const error = await inputs(of);
    assert(error.startsWith("data: batch/x") && error.endsWith(`found ${found}`), error);
  }
  const mask = objective({
    parameters: { x: 2 },
    batch: { on: { shape: [2], dtype: "bool" } },
    loss: ({ x }, { on }) => sum(select(on, square(x), 0)),
  });
  assert((await refused(mask, sgd(), { data: { on: [1, 2] } })).includes("found 2 at element 1"));
  const start = { parameters: { x: [NaN] } };
  assert((await refused(bowl, sgd(), start)).includes("parameters/x: expected finite numbers"));
  // Infinite in f32.
  const far = { parameters: { x: 1e300 } };
  assert((await refused(bowl, sgd(), far)).endsWith("found 1e+300 at element 0"));
  assert((await refused(bowl, sgd(), { signal: AbortSignal.abort() })).startsWith("cancelled"));
});

Deno.test("Program.set() refuses what the constructors refuse and changes nothing", async () => {
  using program = getOrThrow(await compile(bowl, adam(), { backend: "js" })());
  const decay = "0/curvature/direction/ema/decay", rate = "1/scale/by";
  for (const value of [1, 5, -0.1, NaN, "a" as unknown as number]) {
    const result = program.set({ [rate]: 0, [decay]: value });
    assert(E.isLeft(result) && result.left.issues[0]!.path === decay, `${value} was taken`);
  }
  program.step(1);
  assert((await program.parameters()).x < 2);
  assert(E.isRight(program.set({ [rate]: 0, [decay]: 0.5 })));
});

Deno.test("compile() refuses options and objectives that are none", async () => {
  const without = (options: unknown) => refused(bowl, sgd(), options as CompileOptions);
  for (const name of ["data", "parameters", "limits"]) {
    const expected = `description: ${name}: expected values by name, found`;
    assertEquals(await without({ [name]: null }), `${expected} null`);
    assert((await without({ [name]: [1] })).startsWith(`${expected} a list of 1`));
  }
  assert((await without({ limits: { maxBinding: 4 } })).includes("found no such limit"));
  assert((await without({ seed: null })).startsWith("description: seed"));
  assert((await without({ parameters: { x: null } })).endsWith("found null"));
  const none = await refused(undefined as unknown as Objective, sgd());
  assertEquals(none, "description: objective: expected what objective() makes, found nothing");
});

Deno.test("objective() refuses what is no description, batch or likelihood", () => {
  const describe = (of: unknown) => () => objective(of as Parameters<typeof objective>[0]);
  const loss = () => square(2);
  const about = (batch: unknown) => describe({ parameters: { x: 1 }, batch, loss });
  assertThrows(describe(undefined), SteepestError, "found nothing");
  assertThrows(about({ a: undefined }), SteepestError, "batch/a");
  assertThrows(about({ a: null }), SteepestError, "batch/a");
  assertThrows(about({ a: { shape: [2], dtype: "f16" } }), SteepestError, "batch/a");
  const likelihood = { parameters: { x: 1 }, batch: { y: [2] }, outputs: loss, likelihood: 3 };
  assertThrows(describe(likelihood), SteepestError, "likelihood");
});

Deno.test("constructors of the graph refuse extents that cannot be", () => {
  const [index, update] = [constant([0], [1], "u32"), constant([1], [1])];
  for (const rows of [0, -1, 2.5]) {
    assertThrows(() => scatterAdd(index, update, rows), SteepestError, `found [${rows}]`);
  }
  assertThrows(() => zeros("ab" as unknown as number[]), SteepestError, 'found "ab"');
});

Deno.test("Program.records() and Program.set() refuse what are no steps or hyperparameters", async () => {
  using program = getOrThrow(await compile(bowl, adam(), { backend: "js" })());
  program.step(2);
  for (
    const [from, to, found] of [
      [0.5, 1, "0.5 to 1"],
      [NaN, 1, "NaN to 1"],
      [0, undefined, "0 to nothing"],
      ["0", 1, '"0" to 1'],
    ]
  ) {
    const rows = () => program.records(from as number, to as number);
    await assertRejects(rows, SteepestError, `found steps ${found}`);
  }
  for (const none of [null, undefined, "x"]) {
    const result = program.set(none as unknown as Record<string, number>);
    const found = { null: "null", undefined: "nothing", x: '"x"' }[`${none}`];
    assert(E.isLeft(result) && result.left.message.endsWith(`found ${found}`));
  }
});

Deno.test("minimize() refuses two ways to stop and unknown records", async () => {
  const both = { steps: 3, until: 1, maxSteps: 5 } as unknown as { readonly steps: number };
  await assertRejects(() => minimize(bowl, sgd(), both), SteepestError, "both");
  const none = undefined as unknown as { readonly steps: number };
  await assertRejects(() => minimize(bowl, sgd(), none), SteepestError, "options");
  const nothing = undefined as unknown as typeof bowl;
  await assertRejects(() => minimize(nothing, sgd(), { steps: 1 }), SteepestError, "objective");
  const record = { steps: 3, record: "everything" as "all" };
  await assertRejects(() => minimize(bowl, sgd(), record), SteepestError, "everything");
});

Deno.test("train() refuses labels that name no class, and missing options", async () => {
  const data = digits({ train: 20, test: 10 });
  const model = mlp({ input: [1, 28, 28], classes: 10 });
  const options = { model, data, optimizer: sgd(), batchSize: 10, backend: "js" } as const;
  const labels = Uint8Array.from(data.test.labels).fill(10, 3, 4);
  await assertRejects(
    () => train({ ...options, data: { ...data, test: { ...data.test, labels } } }),
    SteepestError,
    "data/test/labels/3: expected a class from 0 to 9, found 10",
  );
  for (const missing of ["model", "data"] as const) {
    for (const none of [undefined, {}]) {
      const without = { ...options, [missing]: none } as unknown as typeof options;
      await assertRejects(() => train(without), SteepestError, missing);
    }
  }
  await assertRejects(
    () => train(undefined as unknown as typeof options),
    SteepestError,
    "options",
  );
});

Deno.test("train() refuses pixels that are no bytes, and a model that is not what it says", async () => {
  const data = digits({ train: 20, test: 10 });
  const model = mlp({ input: [1, 28, 28], classes: 10 });
  const options = { model, data, optimizer: sgd(), batchSize: 10, backend: "js" } as const;
  const { images } = data.train;
  for (
    const [given, found] of [
      [Float32Array.from(images, (byte) => byte / 255), "Float32Array"],
      [[...images], "Array"],
      [images.subarray(1), `${images.length - 1} bytes`],
    ] as const
  ) {
    const part = { ...data.train, images: given as typeof images };
    await assertRejects(
      () => train({ ...options, data: { ...data, train: part } }),
      SteepestError,
      `data/train/images: expected a Uint8Array of ${images.length} bytes, found ${found}`,
    );
  }
  const wide = { ...model, outputs: (_: unknown, pixels: Node) => flatten(pixels) };
  await assertRejects(
    () => train({ ...options, model: wide }),
    SteepestError,
    "model/outputs: expected logits [10, 10], found [10, 784]",
  );
  const flat = { mean: 0, deviation: 0 };
  assertThrows(() => mnistCnn({ normalise: flat }), SteepestError, "a deviation above 0");
});

Deno.test("sweep() and grid() refuse an optimizer and lists that are none", async () => {
  const options = { objective: bowl, optimizer: adam, steps: 1, trials: grid({ beta1: [0.5] }) };
  const wrong = { ...options, optimizer: adam() as unknown as typeof adam };
  await assertRejects(() => sweep(wrong), SteepestError, "a function from settings");
  const none = { ...options, trials: null as unknown as typeof options.trials };
  await assertRejects(() => sweep(none), SteepestError, "trials");
  assertThrows(() => grid({ beta1: 0.5 as unknown as number[] }), SteepestError, "beta1");
  assertThrows(() => grid(null as unknown as Record<string, number[]>), SteepestError, "grid");
});

Deno.test("compile() says that a model cannot be of one example, where gradients of examples are asked", async () => {
  const examples = chain(
    curvature({ calculating: empiricalFisher({ from: "examples" }), structure: diagonal() }),
    scale(0.1),
  );
  const of = (outputs: (w: Node, x: Node) => Node) =>
    objective({
      parameters: { w: [[1], [2]] },
      batch: { x: [4, 2], y: [4] },
      outputs: ({ w }, { x }) => outputs(w, x),
      likelihood: { loss: (z, { y }) => square(sub(reshape(z, [z.shape[0]!]), y!)) },
    });
  const refusal = (outputs: (w: Node, x: Node) => Node) => refused(of(outputs), examples);
  const shaped = await refusal((w, x) => matmul(reshape(x, [4, 2]), w));
  assert(shaped.includes("of one example") && shaped.includes("found [1, 2] to [4, 2]"), shaped);
  // Four rows of one example, each with its label: without a word a gradient four times too long.
  const repeated = await refusal((w, x) => add(matmul(x, w), constant(0, [4, 1])));
  assert(repeated.includes("of one example") && repeated.includes("found [4, 1]"), repeated);
});
