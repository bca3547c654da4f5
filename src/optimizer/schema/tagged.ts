/**
 * The border: schemas for unions that are discriminated by `kind`, and issues in our own words.
 *
 * @module
 */

import { z } from "zod";
import { type Issue, issue } from "../../errors.ts";
import type { OfKind, Tagged } from "../types.ts";
import { closest, show } from "../../errors/words.ts";

/** How deep a description may nest, in levels of JSON. */
export const MAX_DEPTH = 128;

/** A schema at the border: from anything to a frozen, canonical T. */
export type Border<T> = z.ZodType<T, unknown>;

/** One schema a kind: total, so that a new kind does not type-check without one. */
export type Table<U extends Tagged> = { readonly [K in U["kind"]]: Border<OfKind<U, K>> };

/** The depth of every built value, so that building on it does not walk it again. */
const depths = new WeakMap<object, number>();

/** Levels of JSON below and including a value whose parts are built. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const known = depths.get(value);
  if (known !== undefined) return known;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

function deepFreeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.values(value).forEach(deepFreeze);
    Object.freeze(value);
  }
  return value;
}

/** Facts carried through zod's own issues. */
interface Facts {
  readonly found: string;
  readonly expected: string;
  readonly hint: string;
}

/** An issue of ours, in the form in which zod carries it. */
export function raise(
  ctx: z.core.$RefinementCtx,
  input: unknown,
  path: readonly (string | number)[],
  found: string,
  expected: string,
  hint = "",
): void {
  const params: Facts = { found, expected, hint };
  ctx.addIssue({
    code: "custom",
    message: expected,
    path: [...path],
    params: { ...params },
    input,
  });
}

/** What zod found wrong, as facts in our words. */
function facts(problem: z.core.$ZodIssue, input: unknown, known: readonly string[]): Facts {
  const found = show(at(input, problem.path));
  switch (problem.code) {
    case "custom": {
      const { found, expected, hint } = (problem.params ?? {}) as Partial<Facts>;
      return { found: found ?? "?", expected: expected ?? problem.message, hint: hint ?? "" };
    }
    case "unrecognized_keys": {
      const hints = problem.keys.map((key) => closest(key, known)).filter((hint) => hint !== "");
      return {
        found: `unknown ${problem.keys.length > 1 ? "fields" : "field"} ${
          problem.keys.map((key) => show(key)).join(", ")
        }`,
        expected: `only ${known.join(", ")}`,
        hint: hints.join(", "),
      };
    }
    case "invalid_type":
      return {
        found,
        expected: problem.expected === "int" ? "an integer" : `${problem.expected}`,
        hint: "",
      };
    case "invalid_value": {
      const value = at(input, problem.path);
      return {
        found,
        expected: problem.values.length === 1
          ? show(problem.values[0])
          : `one of ${problem.values.map((value) => show(value)).join(", ")}`,
        hint: typeof value === "string" ? closest(value, problem.values.map(String)) : "",
      };
    }
    case "too_small":
      return { found, expected: `at least ${problem.minimum}`, hint: "" };
    case "too_big":
      return { found, expected: `at most ${problem.maximum}`, hint: "" };
    default:
      return { found, expected: problem.message, hint: "" };
  }
}

function at(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (inner, key) =>
      typeof inner === "object" && inner !== null
        ? (inner as Readonly<Record<PropertyKey, unknown>>)[key]
        : undefined,
    value,
  );
}

/** The names of an object's fields, also where a transform follows it. */
function fieldsOf(schema: unknown): readonly string[] {
  if (schema instanceof z.ZodObject) return Object.keys(schema.shape);
  return schema instanceof z.ZodPipe ? fieldsOf(schema.in) : [];
}

/**
 * A union that is discriminated by `kind`.
 *
 * @param what What a member is called in an issue, such as `a transform`.
 * @param table One strict schema a kind; asked for once, when the first value is checked.
 * @param canonical Brings a checked member to the canonical form, or raises what is wrong with it as a whole.
 */
export function tagged<U extends Tagged, R = U>(
  what: string,
  table: () => Table<U>,
  canonical: (value: U, ctx: z.core.$RefinementCtx) => R,
): Border<R> {
  const built = new WeakSet<object>();
  let known: Table<U> | undefined;
  return z.unknown().transform((input, ctx): R => {
    if (typeof input !== "object" || input === null || Array.isArray(input)) {
      raise(ctx, input, [], show(input), what);
      return z.NEVER;
    }
    const kinds: Readonly<Record<string, Border<unknown>>> = known ??= table();
    const kind: unknown = (input as Readonly<Record<string, unknown>>)["kind"];
    if (typeof kind !== "string" || !Object.hasOwn(kinds, kind)) {
      const names = Object.keys(kinds);
      const hint = typeof kind === "string" ? closest(kind, names) : "";
      raise(ctx, input, ["kind"], show(kind), `${what}: one of ${names.join(", ")}`, hint);
      return z.NEVER;
    }
    if (built.has(input)) return input as R;
    const schema = kinds[kind] as Border<OfKind<U, U["kind"]>>;
    const result = schema.safeParse(input);
    if (!result.success) {
      const fields = fieldsOf(schema);
      for (const problem of result.error.issues) {
        const { found, expected, hint } = facts(problem, input, fields);
        raise(ctx, input, problem.path as (string | number)[], found, expected, hint);
      }
      return z.NEVER;
    }
    const before = ctx.issues.length;
    const value = canonical(result.data, ctx);
    if (ctx.issues.length > before) return z.NEVER;
    const depth = depthOf(value);
    if (depth > MAX_DEPTH) {
      raise(ctx, input, [], `${depth} levels`, `at most ${MAX_DEPTH} nested levels`);
      return z.NEVER;
    }
    if (typeof value === "object" && value !== null) {
      built.add(deepFreeze(value));
      depths.set(value, depth);
    }
    return value;
  });
}

/** What a check gives: the value, or every issue. */
type Checked<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly issues: readonly Issue[] };

/** Checks a value whose nesting is known to be bounded; `root` is put before every path. */
export function check<T>(schema: Border<T>, input: unknown, root: string): Checked<T> {
  const result = schema.safeParse(input);
  if (result.success) return { ok: true, value: result.data };
  return {
    ok: false,
    issues: result.error.issues.map((problem) => {
      const { found, expected, hint } = facts(problem, input, []);
      const path = [...(root === "" ? [] : [root]), ...problem.path.map(String)].join("/");
      const where = path === "" ? "The description" : path;
      const suggestion = hint === "" ? "" : `; did you mean ${hint}?`;
      return issue(
        path,
        found,
        expected,
        `${where}: expected ${expected}, found ${found}${suggestion}`,
      );
    }),
  };
}

/** Lets another schema decide about the whole of a value, and passes on what it finds. */
export function delegate<T>(schema: Border<T>, input: unknown, ctx: z.core.$RefinementCtx): T {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  for (const problem of result.error.issues) {
    const { found, expected, hint } = facts(problem, input, []);
    raise(ctx, input, problem.path as (string | number)[], found, expected, hint);
  }
  return z.NEVER;
}

/** One, or a list. */
export function listOf<T>(schema: Border<T>): Border<readonly T[]> {
  return z.preprocess(
    (x) => x === undefined ? [] : Array.isArray(x) ? x : [x],
    z.array(schema),
  );
}
