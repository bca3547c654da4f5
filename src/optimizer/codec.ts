/**
 * Optimizers as text: canonical JSON out, and every problem at once on the way in.
 *
 * @module
 */

import * as E from "fp-ts/lib/Either.js";
import { type Issue, issue, SteepestError } from "../errors.ts";
import { canonicalJson } from "./canonical_json.ts";
import { optimizerSchema } from "./schema/optimizer.ts";
import { check, MAX_DEPTH } from "./schema/tagged.ts";
import { show } from "../errors/words.ts";
import type { Optimizer } from "./types.ts";

/** The version of the format that this library writes and reads. */
export const VERSION = 1;

/** More values than any description has; a bound, so that a hostile input ends. */
const MAX_VALUES = 100_000;

/**
 * The canonical description of an optimizer, or every problem with it: what was written by hand instead of
 * by the constructors meets the same checks.
 */
export function canonical(optimizer: Optimizer): E.Either<SteepestError, Optimizer> {
  const large = tooLarge(optimizer);
  if (large !== undefined) return E.left(new SteepestError("description", [large]));
  const result = check(optimizerSchema, optimizer, "optimizer");
  return result.ok
    ? E.right(result.value)
    : E.left(new SteepestError("description", result.issues));
}

/** The canonical description, or what {@link canonical} finds thrown. */
export function described(optimizer: Optimizer): Optimizer {
  const result = canonical(optimizer);
  if (E.isLeft(result)) throw result.left;
  return result.right;
}

/**
 * Canonical JSON (sorted keys, no spaces) with the version of the format beside the root's fields.
 *
 * What `decode` reads back is the same value; equal descriptions have equal texts.
 *
 * @throws {SteepestError} of kind `description`: what is given is no optimizer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, scale } from "@steepest/steepest";
 *
 * const text = encode(scale(0.1));
 * assert.equal(text, '{"by":0.1,"kind":"scale","version":1}');
 * assert.deepEqual(decode(JSON.parse(text)), { _tag: "Right", right: scale(0.1) });
 * ```
 */
export function encode(optimizer: Optimizer): string {
  return canonicalJson({ ...described(optimizer), version: VERSION });
}

/** Depth and size without recursion, so that no input overflows the stack. */
function tooLarge(input: unknown): Issue | undefined {
  const open: { readonly value: unknown; readonly depth: number }[] = [{ value: input, depth: 0 }];
  let seen = 0;
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    seen++;
    if (next.depth > MAX_DEPTH) {
      return issue("", `more than ${MAX_DEPTH} levels`, `at most ${MAX_DEPTH} nested levels`);
    }
    if (seen > MAX_VALUES) {
      return issue("", `more than ${MAX_VALUES} values`, `at most ${MAX_VALUES} values`);
    }
    if (typeof next.value === "object" && next.value !== null) {
      for (const value of Object.values(next.value)) open.push({ value, depth: next.depth + 1 });
    }
  }
  return undefined;
}

/**
 * Reads a description, such as `JSON.parse` gives it; missing fields take their defaults.
 *
 * The paths of the issues are those of the JSON, such as `of/1/decay`. The result is canonical: nested chains
 * are flat, whatever the text had.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { decode, encode, scale } from "@steepest/steepest";
 *
 * assert.deepEqual(decode(JSON.parse(encode(scale(0.1)))), { _tag: "Right", right: scale(0.1) });
 * ```
 */
export function decode(input: unknown): E.Either<readonly Issue[], Optimizer> {
  const large = tooLarge(input);
  if (large !== undefined) return E.left([large]);
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    return E.left([issue("", show(input), "an object with kind and version")]);
  }
  const { version, ...description } = input as Readonly<Record<string, unknown>>;
  const wrongVersion = version === VERSION
    ? []
    : [issue("version", show(version), `the version of the format, ${VERSION}`)];
  const result = check(optimizerSchema, description, "");
  if (!result.ok) return E.left([...wrongVersion, ...result.issues]);
  return wrongVersion.length > 0 ? E.left(wrongVersion) : E.right(result.value);
}
