/**
 * A multiple of the identity but for the span of the newest pairs.
 *
 * @module
 */
import { alongRows, apply, isIndex } from "../../../linalg/matrices.ts";
import { beside } from "../../../linalg/orthonormalize.ts";
import type { LowRankSpectral } from "../../../linalg/low_rank.ts";
import { curves, type Pairs, secantSpectral, twoLoop } from "../../../linalg/secant.ts";
import type { SecantUpdate } from "../../../optimizer/iterative.ts";
import { joinPath } from "../../../optimizer/walk.ts";
import type { Node } from "../../../tensor/node.ts";
import {
  add,
  binary,
  cast,
  compare,
  concatenate,
  constant,
  div,
  dot,
  gather,
  mul,
  norm,
  reshape,
  select,
  slice,
  transpose,
} from "../../../tensor/ops.ts";
import { evolve, type Scope } from "../../scope.ts";
import { inPlace, type Operator } from "../operator.ts";
import { countRejected, exists, inverseStart, inverted, type Pair, solves } from "../pair.ts";
import type { PairRule, StageView } from "./rule.ts";

/** What a vector has beside a basis counts as nothing where it is at most this, relative to the vector. */
const BESIDE = 2 ** -20;

/** The newest pairs, this one among them where it is let in. */
function pairsOf(
  { window }: SecantUpdate,
  { step, change }: Pair,
  entered: Node,
  view: StageView,
  scope: Scope,
): Pairs {
  const m = window!, shape = [step.shape[0]!, 2 * m];
  const inside: Scope = { ...scope, path: joinPath(scope.path, "iterative/0") };
  const following = (old: Node) => select(compare("eq", old, m - 1), constant(0), add(old, 1));
  const newest = evolve(
    inside,
    "newest",
    [],
    m - 1,
    (old) => select(entered, following(old), old),
  ).next;
  const put = (column: Node, place: Node, others: Node) =>
    select(binary("and", isIndex(shape, 1, place), entered), alongRows(column, shape), others);
  const s = cast(newest, "u32"), y = binary("add", s, constant(m, [], "u32"));
  const vectors = evolve(
    inside,
    "vectors",
    shape,
    0,
    (old) => put(step, s, put(change, y, old)),
  ).next;
  return { vectors: view.kept(vectors), newest: cast(view.kept(newest), "u32") };
}

/** K before its pairs: a number. */
function startOf(update: SecantUpdate, { vectors, newest }: Pairs): Node {
  const rows = transpose(vectors);
  const s = gather(rows, newest);
  const y = gather(rows, binary("add", newest, constant(update.window!, [], "u32")));
  return inverseStart(update, dot(s, y), dot(y, y));
}

/** û in the eigenbasis of the pairs and, last, along what the direction has beside it. */
function spectralOperator(
  { sigma, values, basis }: LowRankSpectral,
  { direction, spectrum }: StageView,
): Operator {
  const rows = transpose(basis), m = rows.shape[0]!;
  const mu = concatenate([values, reshape(sigma, [1])], 0);
  const { rest } = beside(direction, rows);
  const size = norm(rest);
  const some = compare("gt", size, mul(BESIDE, norm(direction)));
  const unit = select(some, div(rest, select(some, size, 1)), 0);
  return {
    coordinates: (u) => concatenate([apply(rows, u), reshape(dot(unit, u), [1])], 0),
    vector: (d) =>
      add(
        apply(basis, slice(d, [0], [m])),
        mul(reshape(slice(d, [m], [m + 1]), []), unit),
      ),
    spectrum: spectrum(inverted(mu), { signed: true }),
  };
}

/** The newest pairs of steps. */
export const lowRankRule: PairRule<"lowRank"> = {
  pairs: (_, update, pair, view, scope) => {
    const { stage } = view;
    // Whether a rank-1 update can take a pair, only H′ tells.
    const entered = update.update === "sr1"
      ? exists(pair)
      : curves(pair.step, pair.change, update.skip);
    const pairs = pairsOf(update, pair, entered, view, scope);
    if (update.update === "bfgs" && solves(stage, update)) {
      countRejected(pair, entered, scope);
      const start = (product: Node, squared: Node) => inverseStart(update, product, squared);
      return inPlace({ divide: (x) => twoLoop(pairs, start, x), dropped: () => constant(0) });
    }
    const start = startOf(update, pairs);
    const sweeps = stage.solver?.kind === "eigen" ? { sweeps: stage.solver.sweeps } : {};
    // Pairs were judged when they came; coordinates of them differ from them by rounding.
    const eps = update.update === "sr1" ? update.skip : 0;
    const spectral = secantSpectral(update.update, pairs, start, eps, sweeps);
    countRejected(pair, binary("and", entered, compare("gt", spectral.taken, 0)), scope);
    return spectralOperator(spectral, view);
  },
};
