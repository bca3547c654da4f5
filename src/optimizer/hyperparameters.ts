/**
 * Which field is a value, a rhythm or structural: the table that lowering, hashes and `set` agree on.
 *
 * Values live in buffers and change without compiling; rhythms are control flow of the host; a structural
 * field is part of the program, and changing it compiles.
 *
 * @module
 */

import * as E from "fp-ts/lib/Either.js";
import { type Issue, issue } from "../errors.ts";
import type { Calculating } from "./calculating.ts";
import type { Damping, FactoredDamping } from "./damping.ts";
import type { Accumulator } from "./iterative.ts";
import type { Length } from "./length.ts";
import { described } from "./codec.ts";
import { optimizerSchema } from "./schema/optimizer.ts";
import { check } from "./schema/tagged.ts";
import type { Solver } from "./solver.ts";
import type { EigenbasisOf, Structure } from "./structure.ts";
import type { OfKind, Optimizer, Tagged } from "./types.ts";
import { joinPath, sites } from "./walk.ts";

/** What changing a hyperparameter costs. */
export type HyperparameterKind = "value" | "rhythm" | "structural";

/** A hyperparameter of an optimizer. */
export interface Hyperparameter {
  /** Where it stands in the optimizer, such as `1/scale/by`. */
  readonly path: string;
  /** What changing it costs. */
  readonly kind: HyperparameterKind;
  /** A number, a schedule, a signal, or the structural datum. */
  readonly value: unknown;
}

/** A field is a hyperparameter, holds transforms (`branch`), is a slot, or groups fields of one kind. */
type Role = HyperparameterKind | "branch" | "slot" | "rhythms";

type Roles<U extends Tagged> = {
  readonly [K in U["kind"]]: {
    readonly [F in Exclude<keyof OfKind<U, K>, "kind">]-?: Role;
  };
};

/** The role of each field of each transform. */
export const TRANSFORM_ROLES: Roles<Optimizer> = {
  identity: {},
  zero: {},
  chain: { of: "branch" },
  add: { of: "branch" },
  ema: { decay: "value", debias: "structural", read: "value" },
  trace: { decay: "value", nesterov: "structural", dampening: "value" },
  scale: { by: "value" },
  difference: {},
  weightDecay: { decay: "value", mask: "structural" },
  newtonRaphson: { alpha: "value", lowerBound: "value", cap: "value" },
  graft: { direction: "branch", magnitude: "branch", per: "structural" },
  trustRatio: {
    coefficient: "value",
    per: "structural",
    floor: "value",
    decay: "value",
    eps: "value",
    min: "value",
    max: "value",
    direction: "branch",
  },
  scaleByParameterNorm: { per: "structural", norm: "structural", floor: "value" },
  scaleByShape: { factor: "structural" },
  gradientAt: { at: "branch" },
  partition: { parts: "branch", rest: "branch" },
  skipNonFinite: { of: "branch" },
  distanceAdapted: {
    of: "branch",
    rate: "value",
    decay: "value",
    initial: "structural",
    growth: "value",
  },
  gainAdapted: {
    of: "branch",
    model: "structural",
    rule: "structural",
    initial: "structural",
    least: "value",
    most: "value",
    grow: "value",
    shrink: "value",
    low: "value",
    high: "value",
    rejects: "structural",
  },
  accumulate: { steps: "rhythm", of: "branch" },
  lookahead: { steps: "rhythm", alpha: "value" },
  average: { decay: "value", start: "rhythm" },
  scheduleFree: { rate: "value", beta: "value", power: "structural" },
  lineSearch: {
    method: "structural",
    initial: "value",
    first: "structural",
    c1: "value",
    c2: "value",
    decrease: "value",
    trials: "structural",
    otherwise: "structural",
  },
  curvature: {
    calculating: "slot",
    structure: "slot",
    iterative: "slot",
    length: "slot",
    direction: "branch",
    damping: "slot",
    solver: "slot",
    every: "rhythms",
    warmup: "rhythms",
  },
};

/** The role of each field of each member of a slot. */
const SLOT_ROLES: Roles<
  | Calculating
  | Structure
  | EigenbasisOf
  | Accumulator
  | Length
  | Exclude<Damping, FactoredDamping>
  | Solver
> = {
  hessian: { probes: "structural", distribution: "structural" },
  gaussNewton: { probes: "structural" },
  fisher: { labels: "structural", from: "structural" },
  empiricalFisher: { of: "branch", from: "structural" },
  gradientRegression: {
    estimate: "structural",
    of: "structural",
    centred: "structural",
    point: "structural",
    confidence: "value",
  },
  secant: { sameBatch: "structural" },
  constant: { value: "value" },
  scalar: {},
  diagonal: { average: "structural", basis: "slot" },
  eigenbasisOf: { structure: "slot", iterative: "slot" },
  factored: {},
  blockDiagonal: { per: "structural" },
  full: {},
  subspace: {
    directions: "branch",
    rank: "structural",
    decay: "value",
    along: "branch",
    rest: "branch",
    turn: "structural",
  },
  kronecker: {
    of: "structural",
    exponent: "structural",
    largest: "structural",
    longer: "structural",
    merge: "structural",
    vectors: "structural",
  },
  lowRank: {},
  auto: {},
  eigen: { sweeps: "structural" },
  cholesky: {},
  cg: {
    steps: "structural",
    tolerance: "structural",
    progress: "structural",
    warmStart: "value",
  },
  lanczos: { steps: "structural" },
  orthogonalIteration: { steps: "structural" },
  newtonSchulz: { steps: "structural", coefficients: "structural" },
  coupledNewton: {
    iterations: "structural",
    tolerance: "structural",
    ridge: "structural",
    accept: "structural",
  },
  ema: {
    decay: "value",
    debias: "structural",
    centred: "structural",
    power: "structural",
    initial: "structural",
  },
  sum: { initial: "structural" },
  max: { decay: "value" },
  secantUpdate: {
    update: "structural",
    window: "structural",
    skip: "structural",
    scaled: "structural",
    initial: "structural",
  },
  none: {},
  normalized: { per: "structural", norm: "structural" },
  gradientNorm: {},
  power: { exponent: "structural" },
  eigenbasis: {},
  clamped: { limit: "value" },
  clipped: { limit: "value", per: "structural", norm: "structural" },
  gradientNormClipped: { limit: "value" },
  eigenbasisClipped: { limit: "value" },
  abs: {},
  floor: { eps: "value" },
  add: { eps: "value" },
  addToRoot: { eps: "value" },
  toSample: { eps: "value" },
};

/** The same of a damping: one of them has its name from a structure. */
const DAMPING_ROLES: Roles<Damping> = { ...SLOT_ROLES, factored: { gamma: "value" } };

type RoleTable = Readonly<Record<string, Readonly<Record<string, Role>>>>;

/** The fields of a transform or slot member that are hyperparameters of their own. */
function own(it: Tagged, roles: RoleTable, path: string): readonly Hyperparameter[] {
  return Object.entries(it).flatMap(([field, value]: [string, unknown]) => {
    const role = roles[it.kind]?.[field];
    const at = joinPath(path, field);
    switch (role) {
      case "value":
      case "rhythm":
      case "structural":
        return [{ path: at, kind: role, value }];
      case "rhythms":
        return Object.entries(value as object)
          .filter(([, inner]) => typeof inner === "number")
          .map(([name, inner]: [string, unknown]) => ({
            path: joinPath(at, name),
            kind: "rhythm" as const,
            value: inner,
          }));
      case "slot": {
        const members = field === "damping" ? DAMPING_ROLES : SLOT_ROLES;
        return Array.isArray(value)
          ? value.flatMap((member: Tagged, i) => inSlot(member, joinPath(at, i), members))
          : inSlot(value as Tagged, at, members);
      }
      case "branch":
      case undefined:
        return [];
    }
  });
}

/** A member of a slot: its kind is structural, and its fields have their roles. */
function inSlot(it: Tagged, path: string, roles: RoleTable): readonly Hyperparameter[] {
  return [{ path, kind: "structural", value: it.kind }, ...own(it, roles, path)];
}

/**
 * Every hyperparameter of an optimizer, in the order in which the description reads.
 *
 * Of kind `value` are those that `set` changes in a running program, by the same path.
 *
 * @throws {SteepestError} of kind `description`: what is given is no optimizer.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { hyperparameters, scale } from "@steepest/steepest";
 *
 * assert.deepEqual(hyperparameters(scale(0.1)), [{ path: "scale/by", kind: "value", value: 0.1 }]);
 * ```
 */
export function hyperparameters(optimizer: Optimizer): readonly Hyperparameter[] {
  return hyperparametersOf(described(optimizer));
}

/** The same of a description that has been checked. */
export function hyperparametersOf(optimizer: Optimizer): readonly Hyperparameter[] {
  return sites(optimizer).flatMap((site) => own(site.optimizer, TRANSFORM_ROLES, site.path));
}

/** A copy of JSON with another value at a path; `undefined` where nothing stands there. */
function replaced(value: unknown, path: readonly string[], next: unknown): unknown {
  const [first, ...rest] = path;
  if (first === undefined) return next;
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, first)) return undefined;
  const inner = replaced((value as Readonly<Record<string, unknown>>)[first], rest, next);
  if (inner === undefined) return undefined;
  return Array.isArray(value)
    ? value.map((member, i) => `${i}` === first ? inner : member)
    : { ...value, [first]: inner };
}

/** What stands at a path of JSON. */
function valueAt(value: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (it, name) => typeof it === "object" && it !== null ? Reflect.get(it, name) : undefined,
    value,
  );
}

/** A path inside a transform. */
function inside(path: string, site: string): readonly string[] {
  return path.slice(site.length + 1).split("/");
}

/**
 * A new value for the hyperparameter at a path, such as `1/scale/by`, in its canonical form. What
 * stands at no path of the description is as it is.
 *
 * @param among A value that has taken the place of the one in the description.
 */
export function checkValue(
  optimizer: Optimizer,
  path: string,
  value: unknown,
  among?: { readonly path: string; readonly value: unknown },
): E.Either<readonly Issue[], unknown> {
  for (const site of sites(optimizer)) {
    if (!path.startsWith(`${site.path}/`)) continue;
    const now = among === undefined
      ? site.optimizer
      : replaced(site.optimizer, inside(among.path, site.path), among.value);
    const changed = replaced(now, inside(path, site.path), value);
    if (changed === undefined) continue;
    const result = check(optimizerSchema, changed, site.path);
    return result.ok
      ? E.right(valueAt(result.value, inside(path, site.path)) ?? value)
      : E.left(result.issues.map(({ found, expected }) => issue(path, found, expected)));
  }
  return E.right(value);
}
