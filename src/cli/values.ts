/**
 * Reading the words of the command line as values.
 *
 * @module
 */
import { InvalidArgumentError, Option } from "commander";
import { TELEMETRY_NAMES, type TelemetryName } from "../optimizer/telemetry.ts";

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

/** Collects `name=value` pairs; the last of several with one name counts. */
export function setting(
  text: string,
  before: Readonly<Record<string, Setting>> = {},
): Readonly<Record<string, Setting>> {
  const at = text.indexOf("=");
  if (at < 1 || at === text.length - 1) {
    throw new InvalidArgumentError("Expected NAME=VALUE, such as alpha=0.5.");
  }
  const value = text.slice(at + 1);
  try {
    return { ...before, [text.slice(0, at)]: JSON.parse(value) };
  } catch {
    return { ...before, [text.slice(0, at)]: value };
  }
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
