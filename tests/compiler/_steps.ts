/** Compiled steps against the oracle's: from the same state one step agrees. */
import type { Executor } from "../../src/runtime/executor.ts";
import {
  initialValues,
  type SlotValues,
  type StepResult,
  stepRunner,
} from "../../src/reference/step.ts";
import { type Tensor, tensor } from "../../src/reference/tensor.ts";
import { SEED, type StepProgram } from "../../src/lowering/program.ts";
import { sizeOf } from "../../src/tensor/node.ts";
import { distance } from "./_compare.ts";
import { planOf, start, type Target } from "./_run_plan.ts";

/** How to compare. */
export interface StepsOptions {
  readonly steps: number;
  readonly target: Target;
  /** θ of each replica; their number is the number of replicas. */
  readonly thetas: readonly ArrayLike<number>[];
  /** Values of slots that are not the program's own, such as the batch's, for all replicas. */
  readonly slots?: ReadonlyMap<string, ArrayLike<number>>;
  readonly seeds?: readonly number[];
  /** Words from which slots change places with their next values, if not those of the compiler. */
  readonly doubled?: number;
}

function rounded(x: Tensor): Tensor {
  // Scalars are the host's, which keeps double precision.
  return x.dtype === "f32" && x.shape.length > 0
    ? tensor(Float32Array.from(x.data), x.shape, "f32", "f64")
    : x;
}

/** Relative to the largest value of a slot: what rounding may have left of its elements. */
const NUDGE = 2 ** -23;

/** The state as it might be after other roundings: what differs much from here has no right value. */
function nudged(state: SlotValues, turn: number): SlotValues {
  return new Map([...state].map(([name, x]) => {
    if (x.dtype !== "f32" || x.shape.length === 0) return [name, x] as const;
    const values = Float64Array.from(x.data);
    const largest = values.reduce((a, v) => Number.isFinite(v) ? Math.max(a, Math.abs(v)) : a, 0);
    const data = values.map((v, i) => v + NUDGE * largest * Math.sin((i + 1) * (turn + 1)));
    return [name, tensor(data, x.shape, "f32", "f64")] as const;
  }));
}

/** How many other roundings are tried where a value is off. */
const TURNS = 16;

function joined(copies: readonly Tensor[]): number[] {
  return copies.flatMap((x) => [...x.data]);
}

/** Of the largest value of a slot; more only where the oracle itself in single precision is off. */
const TOLERANCE = 1e-5;
/** By which factor a compiled step may be further off than the oracle in single precision. */
const SLACK = 8;
/** Gradients here are of order 1: what is smaller than this may be all that rounding left of a difference. */
const NOISE = 1e-6;
/** Values from which a run counts as diverged. */
const LARGEST = 1e12;

/** An eigenbasis is unique up to signs, and less where an eigenvalue is repeated: what is made of it is judged. */
const BASIS = /\/factor\/(.*\/)?vectors$/;

/** The share of a small decrease that a model foresaw is rounding over rounding: the damping it leads to is judged. */
const SHARE_OF_NOISE = /\/gainAdapted\/gain$/;

/** What came of a comparison. */
export interface Comparison {
  readonly wrong: readonly string[];
  /** Values compared, and how many of them were judged by the oracle in single precision. */
  readonly compared: number;
  readonly excepted: number;
}

/**
 * What differs between `steps` compiled steps and those of the oracle, each from the state in which
 * the oracle's step before it has left every replica. It ends early where a run diverges.
 */
export async function differences(
  program: StepProgram,
  { steps, target, thetas, slots = new Map(), seeds = [], doubled }: StepsOptions,
): Promise<Comparison> {
  const replicas = thetas.length;
  const plan = planOf(program, target, replicas, {}, doubled === undefined ? {} : { doubled });
  const runner = stepRunner(program, "f64"), single = stepRunner(program, "f32");
  const shapes = new Map(program.slots.map((s) => [s.name, s]));
  const given = [...slots].map(([name, values]): [string, Tensor] => {
    const { shape, dtype } = shapes.get(name)!;
    return [name, tensor(values, shape, dtype, "f64")];
  });
  let states: SlotValues[] = thetas.map((theta, r) =>
    new Map([...initialValues(program, theta, { seed: seeds[r] ?? 0 }), ...given])
  );
  const executor: Executor = await start(
    plan,
    new Map([...slots, [SEED, thetas.map((_, r) => seeds[r] ?? 0)]]),
  );
  const wrong: string[] = [];
  let compared = 0, excepted = 0;
  const judge = (
    what: string,
    got: ArrayLike<number>,
    wanted: ArrayLike<number>,
    rough: ArrayLike<number>,
    others: () => readonly ArrayLike<number>[],
  ): void => {
    compared++;
    const apart = distance(got, wanted);
    if (apart <= TOLERANCE) return;
    const small = [got, wanted].every((x) => Array.from(x).every((y) => Math.abs(y) < NOISE));
    const near = (x: ArrayLike<number>): boolean => apart <= SLACK * distance(x, wanted);
    if (small || near(rough) || others().some(near)) excepted++;
    else wrong.push(`${what} is ${apart} apart`);
  };
  try {
    const kept = executor.slots.filter((name) => name !== SEED);
    for (let step = 0; step < steps; step++) {
      states = states.map((state) =>
        new Map([...state].map(([name, x]) => [name, rounded(x)] as const))
      );
      for (const name of kept) executor.write(name, joined(states.map((s) => s.get(name)!)));
      executor.seek(step);
      executor.step(1);
      const results = states.map((state) => runner(state, step));
      const roughs = states.map((state) => single(state, step));
      const tried = new Map<number, StepResult[]>();
      const others = (r: number): StepResult[] => {
        const known = tried.get(r) ??
          Array.from({ length: TURNS }, (_, turn) => single(nudged(states[r]!, turn), step));
        tried.set(r, known);
        return known;
      };
      const tame = results.every(({ values, records }) =>
        [...values.values(), { data: [...records.values()] }].every(({ data }) =>
          data.every((x: number) => Math.abs(x) < LARGEST)
        )
      );
      if (!tame) break;
      for (const name of kept.filter((one) => !BASIS.test(one))) {
        const got = await executor.read(name);
        const size = sizeOf(shapes.get(name)!.shape);
        results.forEach(({ values }, r) =>
          judge(
            `step ${step}: ${name} of replica ${r}`,
            got.subarray(r * size, (r + 1) * size),
            values.get(name)!.data,
            roughs[r]!.values.get(name)!.data,
            () => others(r).map((other) => other.values.get(name)!.data),
          )
        );
      }
      for (const [name, row] of await executor.records(step, step + 1)) {
        results.forEach(({ records }, r) => {
          const wanted = records.get(name);
          if (wanted === undefined || SHARE_OF_NOISE.test(name)) return;
          const rough = roughs[r]!.records.get(name)!;
          judge(
            `step ${step}: ${name} of replica ${r}`,
            [row[r]!],
            [wanted],
            [rough],
            () => others(r).map((other) => [other.records.get(name)!]),
          );
        });
      }
      states = results.map(({ values }) => values);
    }
  } finally {
    executor.dispose();
  }
  return { wrong, compared, excepted };
}
