/**
 * Records on the host, in blocks that grow with the run.
 *
 * @module
 */
import type { Plan } from "../compiler/plan.ts";
import { failure } from "../errors.ts";
import { show } from "../errors/words.ts";
import type { RecordRows } from "./executor.ts";

/** Rows of records that have arrived, in the order of steps. */
export interface RecordStore {
  /** Steps before this one are not kept. */
  readonly first: number;
  /** The step after the last row. */
  readonly end: number;
  /** Appends `rows` rows of `stride` words. */
  append(words: Float32Array | Float64Array, rows: number, stride: number): void;
  /** The records of steps `from` to `to` by name. */
  rows(from: number, to: number): RecordRows;
  /** Forgets all rows; the next one is that of `step`. */
  reset(step: number): void;
}

/** A store for rows of `width` words, f32 unless `storage` says otherwise. */
export function recordStore(
  plan: Pick<Plan, "records" | "replicas">,
  width: number,
  storage: (words: number) => Float32Array | Float64Array = (n) => new Float32Array(n),
): RecordStore {
  let first = 0;
  let end = 0;
  let data = storage(64 * width);
  return {
    get first() {
      return first;
    },
    get end() {
      return end;
    },
    append(words, rows, stride) {
      const needed = (end - first + rows) * width;
      if (needed > data.length) {
        const larger = storage(Math.max(needed, data.length * 2));
        larger.set(data);
        data = larger;
      }
      for (let i = 0; i < rows; i++, end++) {
        data.set(words.subarray(i * stride, i * stride + width), (end - first) * width);
      }
    },
    rows(from, to) {
      const whole = Number.isInteger(from) && Number.isInteger(to);
      if (!whole || from < first || to > end || from > to) {
        throw failure(
          "data",
          "records",
          `steps ${show(from)} to ${show(to)}`,
          `steps inside ${first} to ${end}`,
        );
      }
      const { replicas } = plan;
      return new Map([...plan.records].map(([name, word]) => {
        const out = new Float64Array((to - from) * replicas);
        for (let s = from; s < to; s++) {
          const at = (s - first) * width + word;
          out.set(data.subarray(at, at + replicas), (s - from) * replicas);
        }
        return [name, out];
      }));
    },
    reset(step) {
      first = end = step;
    },
  };
}
