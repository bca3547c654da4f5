/** The words that rows of calls are written in. */
import * as steepest from "../../mod.ts";
import type { Argument, Call, WrongName } from "./_wrong.ts";

/** Numbers that are finite. */
export const NUMBERS = ["three", "negative", "fraction"] as const;
/** Lists. */
export const LISTS = ["list", "hole"] as const;

/** An argument, and what is right in its place too. */
export const given = (right: unknown, ...fine: readonly WrongName[]): Argument => ({ right, fine });

/** An argument that may be left out. */
export const optional = (right: unknown, ...fine: readonly WrongName[]): Argument =>
  given(right, "undefined", ...fine);

/** Options: `{}` and nothing are fine unless one of them has to be given. */
export function options(
  known: Readonly<Record<string, Argument>>,
  ...fine: readonly WrongName[]
): Argument {
  const right = Object.fromEntries(Object.entries(known).map(([name, { right }]) => [name, right]));
  return { right, fine, options: known };
}

export const optionals = (known: Readonly<Record<string, Argument>>): Argument =>
  options(known, "undefined", "object");

/** Options of which the schemas know each: what they take stands in the description. */
export const described = (
  right: Readonly<Record<string, unknown>>,
): Readonly<Record<string, Argument>> =>
  Object.fromEntries(Object.entries(right).map(([name, value]) => [name, optional(value)]));

export const required = (right: Readonly<Record<string, unknown>>): Argument =>
  options(described(right));
export const free = (right: Readonly<Record<string, unknown>>): Argument =>
  optionals(described(right));

export type Callable = (...given: never[]) => unknown;

export function row(of: Callable, ...given: readonly Argument[]): Call {
  return { call: of as Call["call"], given };
}

/** Rows by the names of what they call. */
export type Rows = Readonly<Record<string, Call>>;

/** One row for several functions. */
export const rowsOf = (names: readonly string[], ...given: readonly Argument[]): Rows =>
  Object.fromEntries(
    names.map((name) => [name, row(Reflect.get(steepest, name) as Callable, ...given)]),
  );

/** An optimizer. */
export const optimizer: Argument = given(steepest.sgd(), "optimizer");
