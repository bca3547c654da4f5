/**
 * Content hashes of a description: one of all of it, one of what a program depends on.
 *
 * @module
 */

import { canonicalJson } from "./canonical_json.ts";
import { described } from "./codec.ts";
import { hyperparametersOf } from "./hyperparameters.ts";
import type { Optimizer } from "./types.ts";
import { sites } from "./walk.ts";

/** Hashes of 64 bits, as 16 hexadecimal digits. */
export interface ContentHash {
  /** Of the whole description. */
  readonly full: string;
  /** Of what a program depends on: of values and rhythms only whether they are numbers, schedules or signals. */
  readonly structural: string;
}

const PRIME = 0x100000001b3n;
const OFFSET = 0xcbf29ce484222325n;

/** FNV-1a of the UTF-8 bytes, 64 bits. */
function fnv1a(text: string): string {
  const hash = new TextEncoder().encode(text).reduce(
    (state, byte) => BigInt.asUintN(64, (state ^ BigInt(byte)) * PRIME),
    OFFSET,
  );
  return hash.toString(16).padStart(16, "0");
}

/** A value without its numbers: of which kinds of schedules and signals it is made. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf);
  if (typeof value !== "object" || value === null) {
    return typeof value === "number" ? "number" : value;
  }
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, shapeOf(inner)]));
}

/**
 * The hashes of an optimizer; equal descriptions have equal hashes on every machine.
 *
 * Those with equal `structural` hashes differ in values and rhythms alone: they share a program on equal parameters.
 *
 * @throws {SteepestError} of kind `description`: what is given is no optimizer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { contentHash, scale } from "@steepest/steepest";
 *
 * const [slow, fast] = [contentHash(scale(0.1)), contentHash(scale(1))];
 * assert.notEqual(slow.full, fast.full);
 * assert.equal(slow.structural, fast.structural);
 * ```
 */
export function contentHash(given: Optimizer): ContentHash {
  const optimizer = described(given);
  const skeleton = {
    transforms: sites(optimizer).map(({ path, optimizer: { kind } }) => [path, kind]),
    fields: hyperparametersOf(optimizer).map((
      { path, kind, value },
    ) => [path, kind === "structural" ? value : shapeOf(value)]),
    routes: sites(optimizer).flatMap(({ path, optimizer: it }) =>
      it.kind === "partition" ? [[path, it.parts.map(({ where }) => where)]] : []
    ),
  };
  return {
    full: fnv1a(canonicalJson(optimizer)),
    structural: fnv1a(canonicalJson(skeleton)),
  };
}
