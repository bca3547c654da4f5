/** The paths of other libraries next to those of the same optimizers here, in double precision. */

import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { type Case, CASES } from "./_cases.ts";
import { DATA, FUNCTIONS } from "./_functions.ts";
import authors from "./foreign/authors.json" with { type: "json" };
import kfacJax from "./foreign/kfac_jax.json" with { type: "json" };
import naive from "./foreign/naive.json" with { type: "json" };
import optax from "./foreign/optax.json" with { type: "json" };
import scipy from "./foreign/scipy.json" with { type: "json" };
import torch from "./foreign/torch.json" with { type: "json" };

/** A file of data. */
export interface Foreign {
  readonly versions: Readonly<Record<string, string>>;
  readonly cases: Readonly<Record<string, ForeignCase>>;
}

/** One optimizer of a library. */
export interface ForeignCase {
  /** After which steps there are parameters. */
  readonly steps: readonly number[];
  /** By function. */
  readonly paths: Readonly<Record<string, ForeignPath>>;
}

interface ForeignPath {
  readonly rate: number;
  /** The parameters in the order in which the function has them, with spaces between. */
  readonly thetas: readonly string[];
}

/** By library. */
export const FOREIGN: Readonly<Record<string, Foreign>> = {
  optax,
  torch,
  scipy,
  authors,
  kfacJax,
  naive,
} as
  & Readonly<Record<string, unknown>>
  & Readonly<Record<string, Foreign>>;

/** How far a case is from its library. */
export interface Deviation {
  readonly library: string;
  readonly name: string;
  readonly entry: string;
  /** In units of the farthest that a parameter has moved. */
  readonly value: number;
  /** The function and the step at which it is that far. */
  readonly where: string;
  /** How far it may be. */
  readonly tolerance: number;
}

const TOLERANCE = 1e-9;

type Values = Readonly<Record<string, number | { readonly data: ArrayLike<number> }>>;

function flat(values: Values): number[] {
  return Object.values(values).flatMap((x) => typeof x === "number" ? [x] : Array.from(x.data));
}

/** The parameters at the start and after each of the steps. */
async function path(
  name: string,
  { at, evaluated }: Case,
  rate: number,
  steps: readonly number[],
): Promise<number[][]> {
  const data = DATA[name] === undefined ? {} : { data: DATA[name] };
  const options = { backend: "reference", precision: "f64", ...data } as const;
  using program = getOrThrow(await compile(FUNCTIONS[name]!, at(rate), options)());
  const read = async () =>
    flat(await (evaluated ? program.evaluationParameters() : program.parameters()) as Values);
  const out = [await read()];
  for (const step of steps) {
    program.step(step - program.steps);
    out.push(await read());
  }
  return out;
}

function largest(x: readonly number[]): number {
  // A value that is no number is as far as can be.
  return x.reduce((a, b) => b > a || Number.isNaN(b) ? b : a, 0);
}

/** The largest difference between the two paths over all functions and steps. */
export async function deviation(library: string, name: string): Promise<Deviation> {
  const one = CASES[library]![name]!;
  const { steps, paths } = FOREIGN[library]!.cases[name]!;
  let value = 0, where = "nowhere";
  for (const [title, { rate, thetas }] of Object.entries(paths)) {
    const [start, ...mine] = await path(title, one, rate, steps);
    let moved = 0;
    for (const [k, line] of thetas.entries()) {
      const theirs = line.split(" ").map(Number);
      moved = Math.max(moved, largest(theirs.map((x, i) => Math.abs(x - start![i]!))));
      const apart = largest(mine[k]!.map((x, i) => Math.abs(x - theirs[i]!))) / moved;
      if (!(apart <= value)) [value, where] = [apart, `${title}, step ${steps[k]}`];
    }
  }
  return {
    library,
    name,
    entry: one.entry,
    value,
    where,
    tolerance: one.tolerance ?? TOLERANCE,
  };
}
