/**
 * Options that several commands have, each said once.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { catalogue } from "../optimizer/catalogue/registry.ts";
import { TELEMETRY_NAMES } from "../optimizer/telemetry.ts";
import { BACKENDS } from "./backend.ts";
import { MODEL_NAMES } from "./subject.ts";
import { TEST_FUNCTIONS } from "./test_functions.ts";
import { integer, settingOption } from "./values.ts";

/** Words that an option or argument may have beside others; completion offers them. */
export interface Suggestions {
  readonly words: readonly string[];
  /** Whether a file may stand there too. */
  readonly files: boolean;
}

/** What completion offers for a value, by the name in angle brackets. */
export const SUGGESTIONS: Readonly<Record<string, () => Suggestions>> = {
  "name|file": () => ({ words: Object.keys(catalogue), files: true }),
  "function": () => ({ words: Object.keys(TEST_FUNCTIONS), files: false }),
  "names": () => ({ words: TELEMETRY_NAMES, files: false }),
  "file": () => ({ words: [], files: true }),
  "directory": () => ({ words: [], files: true }),
};

/** `--optimizer NAME|FILE` and `--set NAME=VALUE`. */
export function addOptimizer(command: Command, standard: string): Command {
  return command
    .optionsGroup("Optimizer:")
    .option(
      "--optimizer <name|file>",
      "a named optimizer, or a description in a .json file",
      standard,
    )
    .addOption(
      settingOption(
        "an option of the optimizer, such as learningRate=0.01; in a description a path, such as of/1/by=0.1",
      ),
    );
}

/** `--backend NAME`. */
export function backendOption(standard: string): Option {
  return new Option("--backend <name>", "where to run").choices([...BACKENDS]).default(standard);
}

/** `--model NAME`. */
export function modelOption(): Option {
  return new Option("--model <name>", "the network").choices([...MODEL_NAMES]);
}

/** The options of drawn digits, which say nothing of a data set in a directory. */
export const DRAWN: readonly string[] = ["trainImages", "testImages"];

/** The options of {@link addData}. */
export const DATA: readonly string[] = ["data", ...DRAWN];

/** `--data`, `--train-images` and `--test-images`. */
export function addData(command: Command): Command {
  return command
    .option("--data <directory>", "the IDX files of MNIST, gzipped or not")
    .option("--train-images <n>", "without --data: images to draw", integer(1), 10_000)
    .option("--test-images <n>", "without --data: images to draw for the test", integer(1), 2000);
}

/** `--json`. */
export function addJson(command: Command, what: string): Command {
  return command.optionsGroup("Output:").option("--json", `${what}, one JSON object a line`, false);
}
