/**
 * Families: descriptions that differ in nothing but numbers that a program reads from its buffers.
 *
 * @module
 */

import { canonicalJson } from "./canonical_json.ts";
import { hyperparametersOf } from "./hyperparameters.ts";
import type { Optimizer } from "./types.ts";
import { joinPath, sites } from "./walk.ts";

/** What one program can run, and what one member of it sets. */
export interface Family {
  /** Equal keys: one program runs both, each with its own numbers. */
  readonly key: string;
  /** The numbers by the path that `set` knows, such as `1/scale/by` or `1/scale/by/from`. */
  readonly numbers: ReadonlyMap<string, number>;
}

/** The shape of a value, each number replaced by a mark; the numbers go to `numbers`. */
function withoutNumbers(value: unknown, path: string, numbers: Map<string, number>): unknown {
  if (typeof value === "number") {
    numbers.set(path, value);
    return "#";
  }
  if (Array.isArray(value)) {
    return value.map((inner: unknown, i) => withoutNumbers(inner, joinPath(path, i), numbers));
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]: [string, unknown]) => [
      name,
      withoutNumbers(inner, joinPath(path, name), numbers),
    ]),
  );
}

/**
 * The family of an optimizer. A schedule in place of a number, another period, rank or mask: another
 * family, because its program is another one.
 */
export function familyOf(optimizer: Optimizer): Family {
  const numbers = new Map<string, number>();
  const all = sites(optimizer);
  const skeleton = {
    transforms: all.map(({ path, optimizer: { kind } }) => [path, kind]),
    fields: hyperparametersOf(optimizer).map(({ path, kind, value }) => [
      path,
      kind === "value" ? withoutNumbers(value, path, numbers) : value,
    ]),
    routes: all.flatMap(({ path, optimizer: it }) =>
      it.kind === "partition" ? [[path, it.parts.map(({ where }) => where)]] : []
    ),
  };
  return { key: canonicalJson(skeleton), numbers };
}
