/**
 * What a command works on: a test function, or a model on images.
 *
 * @module
 */
import type { Dataset } from "../data/dataset.ts";
import { digits } from "../data/digits.ts";
import { mnist } from "../data/mnist.ts";
import { failure } from "../errors.ts";
import { mlp, mnistCnn, type Model } from "../nn/models.ts";
import type { Parameters } from "../nn/parameters.ts";
import { closest } from "../errors/words.ts";
import { TEST_FUNCTIONS, type TestFunction } from "./test_functions.ts";

/** Does something with a model, whatever its parameters. */
type ModelUse<T> = <P extends Parameters>(model: Model<P>) => T;

/** The names of `--model`. */
export const MODEL_NAMES = ["cnn", "mlp"] as const;

/** A name of `--model`. */
export type ModelName = typeof MODEL_NAMES[number];

/** Does something with the model of a name. */
export function withModel<T>(name: ModelName, use: ModelUse<T>): T {
  switch (name) {
    case "cnn":
      return use(mnistCnn());
    case "mlp":
      return use(mlp({ input: [1, 28, 28], hidden: [128], classes: 10 }));
  }
}

/** Where the images come from. */
export interface DataArguments {
  readonly data?: string;
  readonly trainImages: number;
  readonly testImages: number;
}

/** MNIST of a directory, or drawn digits. */
export async function dataFrom(args: DataArguments): Promise<Dataset> {
  if (args.data !== undefined) return await mnist({ directory: args.data });
  return digits({ train: args.trainImages, test: args.testImages, seed: 0 });
}

/** The test function of a name. */
export function functionCalled(name: string): TestFunction {
  const found = Object.hasOwn(TEST_FUNCTIONS, name) ? TEST_FUNCTIONS[name] : undefined;
  if (found !== undefined) return found;
  const names = Object.keys(TEST_FUNCTIONS);
  const hint = closest(name, names);
  throw failure(
    "description",
    "function",
    `"${name}"`,
    `one of ${names.join(", ")}`,
    `function: expected one of ${names.join(", ")}, found "${name}"${
      hint === "" ? "" : `; did you mean ${hint}?`
    }`,
  );
}

/** Where a function starts: as given, if it has as many numbers. */
export function startOf(
  chosen: TestFunction,
  given: readonly number[] | undefined,
): readonly number[] {
  if (given === undefined || given.length === chosen.start.length) return given ?? chosen.start;
  throw failure(
    "description",
    "--start",
    `${given.length} numbers`,
    `${chosen.start.length} numbers, such as ${chosen.start.slice(0, 3).join(",")}`,
  );
}

/** The test functions as lines of help. */
export function functionHelp(): string {
  const lines = Object.entries(TEST_FUNCTIONS)
    .map(([name, { formula }]) => `  ${name.padEnd(12)} ${formula}`);
  return `\nFunctions:\n${lines.join("\n")}`;
}
