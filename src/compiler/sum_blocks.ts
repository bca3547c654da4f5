/**
 * A sum over the blocks of one of its axes.
 *
 * @module
 */
import type { AdapterClass } from "../loops/adapter.ts";
import { type Axis, indexAxis, indexSum } from "../loops/index.ts";
import {
  type Scalar,
  scalarConstant,
  scalarInside,
  scalarSelect,
  scalarSubstitute,
} from "../loops/scalar.ts";
import type { Stage, Value } from "../loops/stage.ts";
import { chooseTile, type ChosenTile } from "../../kernels/tile_search.ts";
import { addressOf } from "./build_stages.ts";

/** An axis of a sum (or maximum) as blocks of equal length, the last of which may be shorter. */
export interface Blocks {
  readonly block: Axis;
  /** The axis within a block. */
  readonly inner: Axis;
  /** Terms beyond the end of the axis leave the sum as it is. */
  readonly body: Scalar;
}

/** The terms of a stage with one of its reduced axes in blocks. */
export function inBlocks({ reduce, combine, body }: Stage, at: number, blocks: number): Blocks {
  const { name, extent } = reduce[at]!;
  const size = Math.ceil(extent / blocks);
  const block: Axis = { name: `${name}s`, extent: blocks };
  const inner: Axis = { name: `${name}i`, extent: size };
  const position = indexSum([
    { factor: size, index: indexAxis(block) },
    { factor: 1, index: indexAxis(inner) },
  ]);
  const guarded = scalarSelect(
    scalarInside(position, extent),
    scalarSubstitute(body, new Map([[name, position]])),
    scalarConstant(combine === "max" ? -Infinity : 0, "f32"),
  );
  return { block, inner, body: guarded };
}

/** The cheapest tile of a stage in a kernel of its own. */
export function tileAlone(
  stage: Stage,
  values: readonly Value[],
  adapter: AdapterClass,
  most: number,
): ChosenTile {
  return chooseTile(stage, {
    constraints: stage.parallel.map(() => ({ multiple: 1, whole: false })),
    adapter,
    fixed: false,
    shapeOf: (v) => values[v]!.shape,
    address: (v, at) => addressOf(at, values[v]!.shape),
    afterwards: { loads: [], stores: 1, last: 1 },
    spreads: stage.parallel.map(() => true),
    mostArithmetic: Infinity,
    memory: false,
    most,
  });
}
