/** Mistakes of a first user: each is an error that says what is wrong, none a crash or nonsense. */
import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals, assertRejects, assertThrows } from "../_assert.ts";
import {
  adam,
  categorical,
  classify,
  compile,
  type CompileOptions,
  constant,
  digits,
  encode,
  explain,
  getOrThrow,
  matmul,
  minimize,
  mlp,
  type Objective,
  objective,
  type Optimizer,
  scatterAdd,
  select,
  sgd,
  square,
  SteepestError,
  sum,
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
    "mul: expected a tensor or a number, found undefined",
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
      [new Array(20), "undefined at element 0"],
      [new BigInt64Array(20), "0 at element 0"],
      ["01234567890123456789", "01234567890123456789"],
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
    assert((await without({ [name]: [1] })).startsWith(`${expected} an array`));
  }
  assert((await without({ limits: { maxBinding: 4 } })).includes("found no such limit"));
  assert((await without({ seed: null })).startsWith("description: seed"));
  assert((await without({ parameters: { x: null } })).endsWith("found null"));
  const none = await refused(undefined as unknown as Objective, sgd());
  assertEquals(none, "description: objective: expected what objective() makes, found undefined");
});

Deno.test("objective() refuses what is no description, batch or likelihood", () => {
  const describe = (of: unknown) => () => objective(of as Parameters<typeof objective>[0]);
  const loss = () => square(2);
  const about = (batch: unknown) => describe({ parameters: { x: 1 }, batch, loss });
  assertThrows(describe(undefined), SteepestError, "found undefined");
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
  assertThrows(() => zeros("ab" as unknown as number[]), SteepestError, "found ab");
});

Deno.test("Program.records() and Program.set() refuse what are no steps or hyperparameters", async () => {
  using program = getOrThrow(await compile(bowl, adam(), { backend: "js" })());
  program.step(2);
  for (const [from, to] of [[0.5, 1], [NaN, 1], [0, undefined], ["0", 1]]) {
    const rows = () => program.records(from as number, to as number);
    await assertRejects(rows, SteepestError, `found steps ${from} to ${to}`);
  }
  for (const none of [null, undefined, "x"]) {
    const result = program.set(none as unknown as Record<string, number>);
    assert(E.isLeft(result) && result.left.message.endsWith(`found ${none}`));
  }
});

Deno.test("minimize() refuses two ways to stop and unknown records", async () => {
  const both = { steps: 3, until: 1, maxSteps: 5 } as unknown as { readonly steps: number };
  await assertRejects(() => minimize(bowl, sgd(), both), SteepestError, "both");
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
    const without = { ...options, [missing]: undefined } as unknown as typeof options;
    await assertRejects(() => train(without), SteepestError, missing);
  }
});
