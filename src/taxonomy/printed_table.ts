/**
 * Table 1 of the unified view as it is printed, beside the rows that `classify` derives from the catalogue.
 *
 * Source: unified-view-of-optimizers, Table 1. A blank of the table is an empty string. The bars around g_i, which the
 * text of the paper has and its table has not, are put back.
 *
 * @module
 */

import { catalogue, type Options } from "../optimizer/catalogue/registry.ts";
import { classify, type Row } from "./classify.ts";

/** An expression of the catalogue that is a row of the table. */
export interface Ours {
  /** The name of the entry. */
  readonly entry: string;
  /** What it is given. */
  readonly options: Options;
}

/** A printed row. */
export interface PrintedRow {
  /** What the optimizer is called there. */
  readonly title: string;
  /** The row as it is printed. */
  readonly printed: Row;
  /** Which expressions of the catalogue it is about. */
  readonly ours: readonly Ours[];
  /** Why ours differs, by column: one for every column that does. */
  readonly notes: Partial<Row>;
}

const BLANK: Row = { length: "", calculating: "", structure: "", iterative: "" };
const GRADIENT_NORM = "‖d_i‖_H′ = ε|g_i|";
const FULL = { structure: "full" };

function row(
  title: string,
  printed: Partial<Row>,
  ours: Readonly<Record<string, Options>>,
  notes: Partial<Row> = {},
): PrintedRow {
  return {
    title,
    printed: { ...BLANK, ...printed },
    ours: Object.entries(ours).map(([entry, options]) => ({ entry, options })),
    notes,
  };
}

/** The printed table. */
export const PRINTED_TABLE: readonly PrintedRow[] = [
  row("Newton's Method", {}, { newton: {} }),
  row("Natural Gradient Descent", { calculating: "F" }, { naturalGradient: {} }),
  row("Normalized NGD", { length: "‖d‖_H = ε" }, { normalizedNaturalGradient: {} }),
  row("GN-Normalized NGD", { length: "‖d_i‖_H = ε|g_i|" }, { gradientNormNormalized: {} }),
  row("Eigenbasis Normalized NGD", { length: "‖d_i‖_H = ε" }, { eigenbasisNormalized: FULL }),
  row("Gradient Descent", { structure: "LI" }, { sgd: {} }),
  row("Normalized GD", { length: "‖d‖_H′ = ε", structure: "LI" }, { normalizedDescent: {} }),
  row("Sign GD", { length: "‖d_i‖_H′ = ε", structure: "LI" }, { signDescent: {} }),
  row(
    "L-BFGS",
    {
      structure: "rank-2 update",
      iterative: "iterative (secant assumption) compute on last k items",
    },
    { lbfgs: {} },
    { iterative: "the same in fewer words, with the number that k is." },
  ),
  row(
    "K-FAC",
    {
      calculating: "F̃",
      structure: "block-diagonal",
      iterative: "a_i a_j ⟂ ∂L/∂g_i ∂L/∂g_j, momentum",
    },
    { kfac: {} },
    {
      length:
        "the norm constraint of later implementations; without it (clip: null) there is none.",
      calculating: 'labels are sampled, as in the paper of K-FAC; with labels: "given" it is F̃.',
      iterative: "the same, with s for what a layer puts out before its activation.",
    },
  ),
  row(
    "Shampoo",
    {
      length: GRADIENT_NORM,
      calculating: "F̃",
      structure: "L^{-1/4} g R^{-1/4}",
      iterative: "momentum",
    },
    { shampoo: {} },
  ),
  row(
    "Adaptive (Adam, Adagrad)",
    { length: GRADIENT_NORM, calculating: "F̃", structure: "diagonal", iterative: "momentum" },
    { adam: {}, adagrad: {} },
  ),
  row(
    "AdaHessian",
    { length: GRADIENT_NORM, structure: "diagonal", iterative: "Monte Carlo, momentum" },
    { adahessian: {} },
    {
      length:
        "λ is the root of an average of squares, in units of the curvature: the step û/λ is " +
        "Newton's. One with ‖d_i‖_H′ = ε|g_i| would not grow with the unit of θ, as AdaHessian's does.",
      calculating: "the Hessian is named where it is sampled; the table leaves it blank.",
    },
  ),
  row(
    "Sophia",
    { calculating: "F", structure: "diagonal", iterative: "momentum" },
    { sophia: { variant: "G" } },
    {
      length: "every element of the step is bounded, by Sophia's clip; the table leaves it blank.",
    },
  ),
];

/** The columns of the table. */
export const COLUMNS: readonly (keyof Row)[] = Object.keys(BLANK) as (keyof Row)[];

/** One of our expressions beside the printed row. */
export interface Compared extends Ours {
  /** What `classify` derives. */
  readonly derived: Row;
  /** The columns in which it differs from what is printed. */
  readonly differs: readonly (keyof Row)[];
}

/** Our expressions beside a printed row. */
export function compared({ printed, ours }: PrintedRow): readonly Compared[] {
  return ours.map(({ entry, options }) => {
    const derived = classify(catalogue[entry]!.build(options));
    const differs = COLUMNS.filter((column) => derived[column] !== printed[column]);
    return { entry, options, derived, differs };
  });
}
