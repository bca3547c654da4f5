/**
 * What every function with options asks first: whether they are options at all, whether it knows their names, and
 * whether each is what it may be. Callers without types may give anything.
 *
 * @module
 */
import { type ErrorKind, type Issue, issue, SteepestError } from "../errors.ts";
import { closest, show } from "./words.ts";

/** What an option may be: whether a value is that, what it is in words, and whether it has to be given. */
export type Rule = readonly [
  holds: (value: unknown) => boolean,
  expected: string,
  presence?: "required",
];

/** A rule for each option: a new one does not type-check without. */
export type Rules<O> = { readonly [K in keyof O]-?: Rule };

/** Whether something is an object of named values; arrays and their like have none. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !ArrayBuffer.isView(value);
}

/** An option that has to be given. */
export const required = ([holds, expected]: Rule): Rule => [holds, expected, "required"];

/** An integer between two bounds, both included. */
export function whole(least: number, most: number = Infinity): Rule {
  const expected = most === Infinity
    ? `an integer of at least ${least}`
    : `an integer from ${least} to ${most}`;
  return [(x) => Number.isInteger(x) && least <= Number(x) && Number(x) <= most, expected];
}

/** What random numbers begin with. */
export const ONE_SEED: Rule = whole(0, 2 ** 32 - 1);

/** Any value: what is wrong with it is found where it is read. */
export const ANYTHING: Rule = [() => true, "anything"];

/** A function. */
export const FUNCTION: Rule = [(x) => typeof x === "function", "a function"];

/** Values by name. */
export const RECORD: Rule = [isRecord, "values by name"];

/** A list. */
export const LIST: Rule = [Array.isArray, "a list"];

/** A signal such as that of an `AbortController`, of whichever realm. */
export const SIGNAL: Rule = [
  (x) => isRecord(x) && typeof x["aborted"] === "boolean" && "addEventListener" in x,
  "an AbortSignal",
];

/** A name that is not one of those that are known, with the one that was probably meant. */
export function unknownName(
  path: string,
  found: string,
  what: string,
  known: readonly string[],
): Issue {
  const expected = `${what} ${known.join(", ")}`;
  const hint = closest(found, known);
  return issue(
    path,
    show(found),
    expected,
    `${path}: expected ${expected}, found ${show(found)}${
      hint === "" ? "" : `; did you mean ${hint}?`
    }`,
  );
}

const below = (path: string, name: string): string => path === "" ? name : `${path}/${name}`;

/** The options, where they are none, and every name among them that is not known. */
export function unknownOptions(path: string, given: unknown, known: readonly string[]): Issue[] {
  if (!isRecord(given)) return [issue(path || "options", show(given), "an object of options")];
  return Object.keys(given).filter((name) => !known.includes(name))
    .map((name) => unknownName(below(path, name), name, "one of the options", known));
}

/** Everything that is wrong with options; an option that is `undefined` is not given. */
export function optionIssues<O>(path: string, given: unknown, rules: Rules<O>): Issue[] {
  const issues = unknownOptions(path, given, Object.keys(rules));
  if (!isRecord(given)) return issues;
  for (const [name, [holds, expected, presence]] of Object.entries<Rule>(rules)) {
    const value = given[name];
    if (value === undefined ? presence === undefined : holds(value)) continue;
    issues.push(issue(below(path, name), show(value), expected));
  }
  return issues;
}

/** Throws what was found, if anything was. */
export function refuse(issues: readonly Issue[], kind: ErrorKind = "description"): void {
  if (issues.length > 0) throw new SteepestError(kind, issues);
}
