/** Mistakes of a first user: each is an error that says what is wrong, none a crash or nonsense. */
import * as E from "fp-ts/lib/Either.js";
import { assert, assertEquals, assertRejects, assertThrows } from "../_assert.ts";
import {
  adam,
  categorical,
  classify,
  compile,
  type CompileOptions,
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
  sgd,
  square,
  SteepestError,
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
  const start = { parameters: { x: [NaN] } };
  assert((await refused(bowl, sgd(), start)).includes("parameters/x: expected finite numbers"));
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
