/**
 * Where things are: the one definition of paths into an optimizer, shared by state, needs, hyperparameters and reports.
 *
 * A chain adds the index of each link, every other transform its kind, then the name of the branch where it has
 * several; the field `of` is silent. So in `chain(clip, curvature, scale)` the rate is `2/scale/by` and an average
 * in the direction of the stage is `1/curvature/direction/ema/decay`.
 *
 * @module
 */

import { canonicalJson } from "./canonical_json.ts";
import type { Optimizer, OptimizerKind, TransformOf } from "./types.ts";

/** A transform inside another one. */
interface Branch {
  /** The path of the place where it stands, without its own kind. */
  readonly place: string;
  readonly of: Optimizer;
}

/** A transform and its path. */
interface Site {
  /** The path of the place where it stands, without its own kind. */
  readonly place: string;
  /** The path of the transform: the place and its kind (a chain is its place). */
  readonly path: string;
  readonly optimizer: Optimizer;
}

/** Two paths in one; empty ones vanish. */
export function joinPath(...parts: readonly (string | number)[]): string {
  return parts.map(String).filter((part) => part !== "").join("/");
}

/** The path of a transform that stands at a place. */
export function pathAt(optimizer: Optimizer, place: string): string {
  return optimizer.kind === "chain" ? place : joinPath(place, optimizer.kind);
}

/** Whether two descriptions are the same data: at one place, on one update, they are one transform. */
export function sameTransform(a: Optimizer, b: Optimizer): boolean {
  return a === b || (a.kind === b.kind && canonicalJson(a) === canonicalJson(b));
}

type Rule<K extends OptimizerKind> = (it: TransformOf<K>, path: string) => readonly Branch[];

const leaf = (): readonly Branch[] => [];

const RULES: { readonly [K in OptimizerKind]: Rule<K> } = {
  identity: leaf,
  zero: leaf,
  chain: ({ of }, path) => of.map((it, i) => ({ place: joinPath(path, i), of: it })),
  add: ({ of }, path) => of.map((it, i) => ({ place: joinPath(path, i), of: it })),
  ema: leaf,
  trace: leaf,
  scale: leaf,
  difference: leaf,
  weightDecay: leaf,
  newtonRaphson: leaf,
  graft: ({ direction, magnitude }, path) => [
    { place: joinPath(path, "direction"), of: direction },
    { place: joinPath(path, "magnitude"), of: magnitude },
  ],
  trustRatio: ({ direction }, path) => [{ place: joinPath(path, "direction"), of: direction }],
  scaleByParameterNorm: leaf,
  scaleByShape: leaf,
  gradientAt: ({ at }, path) => [{ place: joinPath(path, "at"), of: at }],
  partition: ({ parts, rest }, path) => [
    ...parts.map(({ of }, i) => ({ place: joinPath(path, "parts", i), of })),
    { place: joinPath(path, "rest"), of: rest },
  ],
  skipNonFinite: ({ of }, path) => [{ place: path, of }],
  distanceAdapted: ({ of }, path) => [{ place: path, of }],
  gainAdapted: ({ of }, path) => [{ place: path, of }],
  accumulate: ({ of }, path) => [{ place: path, of }],
  lookahead: leaf,
  average: leaf,
  scheduleFree: leaf,
  lineSearch: leaf,
  curvature: ({ calculating, structure, direction, warmup }, path) => [
    ...(calculating.kind === "empiricalFisher"
      ? [{ place: joinPath(path, "calculating"), of: calculating.of }]
      : []),
    ...(structure.kind === "subspace"
      ? (["directions", "along", "rest"] as const).map((name) => ({
        place: joinPath(path, "structure", name),
        of: structure[name],
      }))
      : []),
    { place: joinPath(path, "direction"), of: direction },
    ...(warmup === undefined || sameTransform(warmup.use, direction)
      ? []
      : [{ place: joinPath(path, "warmup"), of: warmup.use }]),
  ],
};

/** The transforms directly inside one, with the places where they stand. */
export function branchesOf(optimizer: Optimizer, path: string): readonly Branch[] {
  return (RULES[optimizer.kind] as (it: Optimizer, path: string) => readonly Branch[])(
    optimizer,
    path,
  );
}

/** Every transform of an optimizer with its path, each before what is inside it. */
export function sites(optimizer: Optimizer, place = ""): readonly Site[] {
  const path = pathAt(optimizer, place);
  return [
    { place, path, optimizer },
    ...branchesOf(optimizer, path).flatMap((branch) => sites(branch.of, branch.place)),
  ];
}
