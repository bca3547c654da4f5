/**
 * The small problem on which the product is run: it gives whatever a stage may ask for.
 *
 * @module
 */
import { categorical } from "../objective/likelihood.ts";
import { type Objective, objective } from "../objective/objective.ts";
import { chain } from "../optimizer/combinators.ts";
import { scale } from "../optimizer/transforms.ts";
import type { Curvature, Optimizer } from "../optimizer/types.ts";
import { compile } from "../runtime/compile.ts";
import type { CompileOptions } from "../runtime/options.ts";
import { getOrThrow } from "../runtime/program.ts";
import { matmul, tanh } from "../tensor/ops.ts";

const EXAMPLES = 6, FEATURES = 2, CLASSES = 2;

/** A network of two dense layers: eight parameters. */
export const PROBLEM = objective({
  parameters: { w: [[0.84, -0.76], [0.66, -0.54]], v: [[0.42, -0.29], [0.15, 0.99]] },
  batch: { x: [EXAMPLES, FEATURES], y: [EXAMPLES] },
  lowerBound: 0,
  outputs: ({ w, v }, { x }) => matmul(tanh(matmul(x, w)), v),
  likelihood: categorical("y"),
}) as Objective;

/** Its batch: features around a place of each class, not quite apart. */
export const BATCH: Readonly<Record<string, readonly number[]>> = {
  x: Array.from({ length: EXAMPLES * FEATURES }, (_, i) => {
    const own = Math.floor(i / FEATURES) % CLASSES === i % FEATURES;
    return (own ? 0.8 : 0) + 0.7 * Math.cos(5 * i * i);
  }),
  y: Array.from({ length: EXAMPLES }, (_, i) => i % CLASSES),
};

/** The optimizer of a stage: steps that are short on this problem. */
function optimizerOf(stage: Curvature): Optimizer {
  return chain(stage, scale(0.02));
}

/** How far some steps of a stage went. */
export interface Walk {
  /** θ at the start, and at the end. */
  readonly start: readonly number[];
  readonly end: readonly number[];
  /** The loss before each step and at the end. */
  readonly losses: readonly number[];
}

/** Steps of a stage. */
export async function walk(
  stage: Curvature,
  steps: number,
  options: CompileOptions,
): Promise<Walk> {
  const compiled = await compile(PROBLEM, optimizerOf(stage), { ...options, data: BATCH })();
  using program = getOrThrow(compiled);
  const start = [...await program.flatParameters()];
  program.step(steps);
  const losses = [...await program.losses()];
  return { start, end: [...await program.flatParameters()], losses };
}

/** What is wrong with a walk: a value that is no number, or no step. */
export function problemOf({ start, end, losses }: Walk): string | undefined {
  if (![...end, ...losses].every(Number.isFinite)) return "a value is not finite";
  return end.every((x, i) => x === start[i]) ? "nothing moved" : undefined;
}
