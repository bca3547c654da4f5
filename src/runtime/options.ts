/**
 * How a program is compiled and started.
 *
 * @module
 */
import { type Issue, issue, SteepestError } from "../errors.ts";
import {
  FUNCTION,
  isRecord,
  LIST,
  ONE_SEED,
  optionIssues,
  RECORD,
  type Rule,
  type Rules,
  SIGNAL,
  whole,
} from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { DEFAULT_ADAPTER, type DeviceLimits } from "../loops/adapter.ts";
import type { Arena, StepProgram } from "../lowering/program.ts";
import { PARAMETERS, SEED } from "../lowering/program.ts";
import { valuesFrom } from "../nn/initial_values.ts";
import type { Leaf } from "../objective/leaves.ts";
import type { TelemetryName } from "../optimizer/telemetry.ts";
import type { CompileProgress } from "./compile_progress.ts";
import type { DeviceHandle } from "./device.ts";
import type { BackendName } from "./executor.ts";
import { type DType, sizeOf } from "../tensor/node.ts";

/** Options of `compile`. */
export interface CompileOptions<N extends TelemetryName = TelemetryName> {
  /**
   * Where it runs: `"webgpu"`, `"js"`, `"reference"`, or the first of the first two that there is.
   *
   * @default "auto"
   */
  readonly backend?: BackendName | "auto";
  /**
   * Of every f32 tensor; `"f64"` runs on the backend `"reference"` alone.
   *
   * @default "f32"
   */
  readonly precision?: "f32" | "f64";
  /**
   * Independent copies that run together, ≥ 1.
   *
   * @default 1
   */
  readonly replicas?: number;
  /**
   * Of the random numbers, a u32; replica r takes `seed + r` unless all are given.
   *
   * @default 0
   */
  readonly seed?: number | readonly number[];
  /**
   * Start values by path of the parameter: row-major, for one copy or for all of them.
   *
   * @default those of the objective
   */
  readonly parameters?: Readonly<Record<string, number | ArrayLike<number>>>;
  /**
   * The tensors of the batch (or data slots), by name: written once, the same at every step.
   *
   * @default none
   */
  readonly data?: Readonly<Record<string, ArrayLike<number>>>;
  /**
   * Rewrites the step program before it is compiled.
   *
   * @default as it is
   */
  readonly transform?: (program: StepProgram) => StepProgram;
  /**
   * What is recorded at each step besides the loss; `explain` says what a name costs.
   *
   * @default nothing
   */
  readonly telemetry?: readonly N[];
  /**
   * Told how far compiling has come, from a second on: planning kernels, making pipelines, and what
   * the driver compiles; at the end, that all of it is done, which is when `compile` is. A kernel
   * that a program on the same device has is there at once.
   *
   * @default nobody
   */
  readonly onCompiling?: (progress: CompileProgress) => void;
  /**
   * A device to run on; it stays the caller's. Whoever holds one keeps its pipelines for the next
   * program.
   *
   * @default the one of this process
   */
  readonly device?: DeviceHandle;
  /**
   * Limits to keep within besides the device's own. What is too large for all copies at once runs some of
   * them after the others, which changes nothing but the time and the memory that it takes.
   *
   * @default those of the device
   */
  readonly limits?: Partial<DeviceLimits>;
  /**
   * Aborting forgets the steps that have not begun, and every later call fails.
   *
   * @default none
   */
  readonly signal?: AbortSignal;
}

function isList(value: unknown): value is ArrayLike<unknown> {
  return typeof value === "object" && value !== null && "length" in value;
}

const [isSeed, SEEDS] = ONE_SEED;

/** A seed, or one for each copy: those are judged by {@link seedsOf}. */
export const SEED_RULE: Rule = [(x) => isList(x) || isSeed(x), SEEDS];

/** The seed of each replica. */
export function seedsOf(seed: number | readonly number[], replicas: number): readonly number[] {
  const issues: Issue[] = [];
  const seeds = typeof seed === "number"
    ? Array.from({ length: replicas }, (_, r) => seed + r)
    : seed;
  if (seeds.length !== replicas) {
    issues.push(issue("seed", `${seeds.length} seeds`, `${replicas}, one per replica`));
  }
  for (const s of Array.from(seeds)) if (!isSeed(s)) issues.push(issue("seed", show(s), SEEDS));
  if (issues.length > 0) throw new SteepestError("description", issues);
  return seeds;
}

/** Whether something is a device that `wrapDevice` or `acquireDevice` gives. */
function isHandle(value: unknown): boolean {
  return isRecord(value) && isRecord(value["device"]) && typeof value["retain"] === "function";
}

/** What each option of `compile` may be. The names of telemetry say for themselves what is wrong with them. */
export const RUN_RULES: Rules<CompileOptions> = {
  backend: [
    (x) => typeof x === "string" && ["auto", "webgpu", "js", "reference"].includes(x),
    "auto, webgpu, js or reference",
  ],
  precision: [(x) => x === "f32" || x === "f64", "f32 or f64"],
  replicas: [(x) => Number.isInteger(x) && Number(x) >= 1, "a positive integer"],
  seed: SEED_RULE,
  parameters: RECORD,
  data: RECORD,
  transform: FUNCTION,
  telemetry: LIST,
  onCompiling: FUNCTION,
  device: [isHandle, "what acquireDevice() or wrapDevice() gives"],
  limits: RECORD,
  signal: SIGNAL,
};

/** What is wrong with limits by name. */
export function limitIssues(limits: unknown): Issue[] {
  if (!isRecord(limits)) return [];
  const { kind: _, ...known } = DEFAULT_ADAPTER;
  return Object.entries(limits).flatMap(([name, value]) => {
    if (!Object.hasOwn(known, name)) {
      return [issue(`limits/${name}`, "no such limit", Object.keys(known).join(", "))];
    }
    const [holds, expected] = whole(1);
    return holds(value) ? [] : [issue(`limits/${name}`, show(value), expected)];
  });
}

/** Problems of the options, `rules` for `compile` or what takes more, that need no compiling to be found. */
export function runIssues<O>(options: unknown, rules: Rules<O>): Issue[] {
  const issues = optionIssues("", options, rules);
  if (!isRecord(options)) return issues;
  const { backend = "auto", precision, limits } = options;
  if (precision === "f64" && backend !== "reference") {
    issues.push(
      issue(
        "precision",
        `"f64" on the backend ${show(backend)}`,
        'the backend "reference"; the others compute in f32',
      ),
    );
  }
  return [...issues, ...limitIssues(limits)];
}

function startOf(
  arena: Arena,
  leaves: readonly Leaf[],
  seeds: readonly number[],
  given: Readonly<Record<string, number | ArrayLike<number>>>,
  single: boolean,
  issues: Issue[],
): Float64Array {
  const start = new Float64Array(arena.size * seeds.length);
  const byPath = new Map(leaves.map((leaf) => [leaf.path, leaf]));
  for (const path of Object.keys(given)) {
    if (!byPath.has(path)) {
      issues.push(
        issue(`parameters/${path}`, "no such parameter", [...byPath.keys()].join(", ")),
      );
    }
  }
  for (const { path, offset, size } of arena.entries) {
    const own = given[path];
    const values = typeof own === "number" ? [own] : own;
    if (values !== undefined && !isList(values)) {
      issues.push(issue(`parameters/${path}`, show(values), "a number, or numbers"));
      continue;
    }
    if (values !== undefined && values.length !== size && values.length !== size * seeds.length) {
      issues.push(issue(
        `parameters/${path}`,
        `${values.length} values`,
        `${size}, or ${size * seeds.length} for ${seeds.length} replicas`,
      ));
      continue;
    }
    const finite = (x: unknown) =>
      Number.isFinite(x) && (!single || Number.isFinite(Math.fround(x as number)));
    if (values !== undefined) {
      checkEach(`parameters/${path}`, values, finite, "finite numbers", issues);
    }
    seeds.forEach((seed, r) => {
      const source = values ?? valuesFrom(byPath.get(path)!.initial, seed, path);
      const skip = source.length > size ? r * size : 0;
      for (let i = 0; i < size; i++) start[r * arena.size + offset + i] = source[skip + i]!;
    });
  }
  return start;
}

function checkEach(
  name: string,
  given: ArrayLike<unknown>,
  holds: (value: unknown) => boolean,
  expected: string,
  issues: Issue[],
): void {
  for (let i = 0; i < given.length; i++) {
    if (holds(given[i])) continue;
    issues.push(issue(name, `${show(given[i])} at element ${i}`, expected));
    return;
  }
}

/** What the elements of a tensor are: a hole, or a text that looks like a number, would be NaN without a word. */
const ELEMENTS: {
  readonly [D in DType]: readonly [holds: (value: unknown) => boolean, expected: string];
} = {
  f32: [(x) => typeof x === "number" && !Number.isNaN(x), "numbers"],
  u32: [
    (x) => Number.isInteger(x) && 0 <= (x as number) && (x as number) < 2 ** 32,
    "integers from 0 to 4294967295",
  ],
  bool: [(x) => x === 0 || x === 1, "0 and 1"],
};

/** Bytes and words of unsigned integers are right by themselves, whatever their number. */
function isUnsigned(given: unknown): boolean {
  return given instanceof Uint8Array || given instanceof Uint8ClampedArray ||
    given instanceof Uint16Array || given instanceof Uint32Array;
}

/** A step program with the values it starts from. */
export interface Start {
  readonly program: StepProgram;
  readonly values: ReadonlyMap<string, ArrayLike<number>>;
}

/**
 * Start values of θ, seeds and given data. A batch tensor that is given once is shared by all
 * replicas instead of copied.
 *
 * @throws {SteepestError} `data` with every tensor that is missing, unknown or of another size.
 */
export function startFrom(
  program: StepProgram,
  leaves: readonly Leaf[],
  options: CompileOptions,
): Start {
  const { replicas = 1, seed = 0, data = {}, parameters = {}, precision = "f32" } = options;
  const issues: Issue[] = [];
  const seeds = seedsOf(seed, replicas);
  const values = new Map<string, ArrayLike<number>>([
    [PARAMETERS, startOf(program.arena, leaves, seeds, parameters, precision === "f32", issues)],
    [SEED, seeds],
  ]);
  const outside = program.slots.filter((s) => s.role === "batch" || s.role === "data");
  const names = new Set(outside.map((s) => s.name));
  const slotName = (name: string) => names.has(name) ? name : `batch/${name}`;
  for (const [name, given] of Object.entries(data)) {
    if (names.has(slotName(name))) values.set(slotName(name), given);
    else issues.push(issue(`data/${name}`, "no such tensor", [...names].join(", ") || "no data"));
  }
  const slots = program.slots.map((slot) => {
    if (!names.has(slot.name)) return slot;
    const given = values.get(slot.name);
    const size = sizeOf(slot.shape);
    if (given === undefined) {
      issues.push(issue(slot.name, "no data", `${size} values in the option "data"`));
      return slot;
    }
    if (!isList(given)) {
      issues.push(issue(slot.name, show(given), `${size} values`));
      return slot;
    }
    if (given.length !== size && given.length !== size * replicas) {
      issues.push(issue(slot.name, `${given.length} values`, `${size} values`));
    }
    if (slot.dtype === "bool" || !isUnsigned(given)) {
      checkEach(slot.name, given, ...ELEMENTS[slot.dtype], issues);
    }
    return given.length === size ? { ...slot, perReplica: false } : slot;
  });
  if (issues.length > 0) throw new SteepestError("data", issues);
  return { program: { ...program, slots }, values };
}
