/**
 * Reading the parameters that a model is to be evaluated with.
 *
 * @module
 */
import { PARAMETERS, type StepProgram } from "../lowering/program.ts";
import type { Executor } from "./executor.ts";

/** Where the elements of one parameter are read. */
interface Piece {
  readonly slot: string;
  /** Length of a copy in the slot. */
  readonly stride: number;
  /** First element in the slot, and in θ. */
  readonly from: number;
  readonly to: number;
  readonly size: number;
}

type Sources = Pick<StepProgram, "arena" | "evaluation">;

/** Every parameter with the slot that it is read from. */
function piecesOf({ arena, evaluation = [] }: Sources): readonly Piece[] {
  return arena.entries.map(({ path, offset, size }) => {
    for (const { slot, space } of evaluation.toReversed()) {
      const entry = space.entries.find((e) => e.path === path);
      if (entry === undefined) continue;
      return { slot, stride: space.size, from: entry.offset, to: offset, size };
    }
    return { slot: PARAMETERS, stride: arena.size, from: offset, to: offset, size };
  });
}

/** The evaluation parameters after everything queued so far, in the layout of θ, replica by replica. */
export async function readEvaluation(
  executor: Pick<Executor, "read" | "replicas">,
  program: Sources,
): Promise<Float64Array> {
  const pieces = piecesOf(program);
  const names = [...new Set(pieces.map(({ slot }) => slot))];
  const slots = new Map(
    await Promise.all(names.map(async (name) => [name, await executor.read(name)] as const)),
  );
  const { replicas } = executor;
  const { size } = program.arena;
  const flat = new Float64Array(size * replicas);
  for (let r = 0; r < replicas; r++) {
    for (const { slot, stride, from, to, size: length } of pieces) {
      const at = r * stride + from;
      flat.set(slots.get(slot)!.subarray(at, at + length), r * size + to);
    }
  }
  return flat;
}
