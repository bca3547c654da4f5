/**
 * Reading the words of the command line as values.
 *
 * @module
 */
import { InvalidArgumentError, Option } from "commander";
import { TELEMETRY_NAMES, type TelemetryName } from "../optimizer/telemetry.ts";
import type { Range } from "../training/trials.ts";

/** A reader of integers from `least` to `most`. */
export function integer(least: number, most: number = 2 ** 32 - 1): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^[+-]?\d+$/.test(text) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Expected an integer from ${least} to ${most}.`);
  };
}

/** Reads a finite number. */
export function number(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new InvalidArgumentError("Expected a finite number.");
}

/** A value given by `--set`: JSON where it is JSON, otherwise the text itself. */
export type Setting = unknown;

function pair(text: string, example: string): readonly [name: string, value: string] {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) {
    throw new InvalidArgumentError(`Expected NAME=VALUE, such as ${example}.`);
  }
  return [text.slice(0, at), text.slice(at + 1)];
}

function jsonOr(text: string): Setting {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Collects `name=value` pairs; the last of several with one name counts. */
export function setting(
  text: string,
  before: Readonly<Record<string, Setting>> = {},
): Readonly<Record<string, Setting>> {
  const [name, value] = pair(text, "alpha=0.5");
  return { ...before, [name]: jsonOr(value) };
}

/** The words between commas, but for those inside brackets, braces and quotes: a value may be JSON. */
function wordsOf(list: string): readonly string[] {
  const words = [""];
  let depth = 0, quoted = false;
  for (const [i, letter] of [...list].entries()) {
    if (letter === '"' && list[i - 1] !== "\\") quoted = !quoted;
    if (!quoted) depth += "[{".includes(letter) ? 1 : "]}".includes(letter) ? -1 : 0;
    if (letter === "," && !quoted && depth <= 0) words.push("");
    else words[words.length - 1] += letter;
  }
  return words;
}

/** Collects `name=value,value,…`. */
export function gridSetting(
  text: string,
  before: Readonly<Record<string, readonly Setting[]>> = {},
): Readonly<Record<string, readonly Setting[]>> {
  const [name, list] = pair(text, "learningRate=1e-4,3e-4,1e-3");
  const words = wordsOf(list);
  if (words.some((word) => word === "")) throw new InvalidArgumentError("A value is empty.");
  return { ...before, [name]: words.map(jsonOr) };
}

/** Collects `name=log:FROM..TO`, `name=FROM..TO` or `name=value,value,…`. */
export function rangeSetting(
  text: string,
  before: Readonly<Record<string, Range>> = {},
): Readonly<Record<string, Range>> {
  const [name, words] = pair(text, "learningRate=log:1e-5..1e-1");
  const range = /^(?:(log|linear):)?([^,[{]+)\.\.([^,]+)$/.exec(words);
  if (range === null) return { ...before, [name]: gridSetting(text)[name]! };
  const [, kind, from, to] = range;
  const ends = { from: number(from!), to: number(to!) };
  if (ends.from > ends.to || (kind === "log" && ends.from <= 0)) {
    throw new InvalidArgumentError(
      `Expected two numbers${kind === "log" ? " above 0" : ""}, the smaller first.`,
    );
  }
  return { ...before, [name]: { kind: kind === "log" ? "log" : "linear", ...ends } };
}

/** The option `--set NAME=VALUE`, which may be given several times. */
export function settingOption(description: string): Option {
  return new Option("--set <name=value>", `${description} (repeatable)`)
    .argParser(setting).default({}, "none");
}

/** The option `--telemetry NAME,NAME`; the names are checked where they are used. */
export function telemetryOption(where: string): Option {
  const names = TELEMETRY_NAMES.join(", ");
  return new Option("--telemetry <names>", `record at each step, ${where}: ${names}`)
    .argParser((text) => text.split(",") as TelemetryName[]).default([], "loss");
}

/** Reads comma-separated numbers, such as a starting point. */
export function numbers(text: string): readonly number[] {
  return text.split(",").map(number);
}
