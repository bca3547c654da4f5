/**
 * The meaning of a step program: its regions in order, through the oracle.
 *
 * @module
 */
import { failure } from "../errors.ts";
import { fires, PARAMETERS, type Slot, STEP, type StepProgram } from "../lowering/program.ts";
import { type Node, type OpKind, sizeOf } from "../tensor/node.ts";
import { input } from "../tensor/ops.ts";
import { substitute, topological } from "../tensor/walk.ts";
import { evaluate } from "./evaluate.ts";
import { type Precision, type Tensor, tensor, zeros } from "./tensor.ts";

/** Values of slots by name. */
export type SlotValues = ReadonlyMap<string, Tensor>;

/** What {@link initialValues} is told. */
interface InitialValuesOptions {
  /** Default 0. */
  readonly seed?: number;
  /** Default `"f64"`. */
  readonly precision?: Precision;
}

/** What one step gives. */
export interface StepResult {
  /** All slots for the next step; the batch and the clocks as they were. */
  readonly values: SlotValues;
  /** Records by slot name. */
  readonly records: ReadonlyMap<string, number>;
}

/** Runs one step. */
type StepRunner = (values: SlotValues, step: number) => StepResult;

/** The inputs of a graph at the beginning of a step. */
function firstVersions(values: SlotValues): Map<string, Tensor> {
  return new Map([...values].map(([name, value]) => [`${name}@0`, value]));
}

function startOf(slot: Slot, known: SlotValues, precision: Precision): Tensor {
  const { initial, shape, dtype } = slot;
  if (initial === undefined) return zeros(shape, dtype, precision);
  if (typeof initial === "object" && "op" in initial) {
    return evaluate([initial], firstVersions(known), { precision })[0]!;
  }
  // Scalars are the host's, which keeps double precision.
  return tensor(initial, shape, dtype, shape.length === 0 ? "f64" : precision);
}

/** Every slot but the batch's and the records' as the first step finds it. */
export function initialValues(
  program: StepProgram,
  theta: ArrayLike<number>,
  { seed = 0, precision = "f64" }: InitialValuesOptions = {},
): SlotValues {
  const size = program.arena.size;
  if (theta.length !== size) {
    throw failure("shape", PARAMETERS, `${theta.length} values`, `${size} values`);
  }
  const values = new Map([[PARAMETERS, tensor(theta, [size], "f32", precision)]]);
  for (const slot of program.slots) {
    if (slot.role === "hyper") values.set(slot.name, startOf(slot, values, precision));
    if (slot.role === "clock") {
      values.set(slot.name, tensor(slot.name === STEP ? 0 : seed, [], "u32"));
    }
  }
  for (const slot of program.slots) {
    if (slot.role === "state") values.set(slot.name, startOf(slot, values, precision));
  }
  return values;
}

const ON_HOST: ReadonlySet<OpKind> = new Set<OpKind>([
  "constant",
  "unary",
  "binary",
  "compare",
  "select",
  "cast",
  "reshape",
  "broadcast",
]);

/** The nodes that follow from hyperparameters, clocks and the given state slots alone. */
function hostNodes(roots: readonly Node[], inputs: ReadonlySet<string>): ReadonlySet<string> {
  const host = new Set<string>();
  for (const node of topological(roots)) {
    const here = node.op.kind === "input"
      ? inputs.has(node.op.name)
      : ON_HOST.has(node.op.kind) && node.inputs.every((x) => host.has(x.hash));
    if (here && sizeOf(node.shape) === 1) host.add(node.hash);
  }
  return host;
}

/** The slots that the host alone keeps: hyperparameters, clocks, and scalar state made of them. */
export function hostSlots(program: StepProgram): ReadonlySet<string> {
  const assignments = program.regions.flatMap(({ assign }) => assign);
  const candidates = new Set(
    program.slots
      .filter(({ role, shape }) =>
        role === "hyper" || role === "clock" || (role === "state" && shape.length === 0)
      )
      .map(({ name }) => name),
  );
  for (let shrank = true; shrank;) {
    const host = hostNodes(assignments.map(({ value }) => value), candidates);
    const lost = assignments.filter(({ slot, value }) =>
      candidates.has(slot) && !host.has(value.hash)
    );
    for (const { slot } of lost) candidates.delete(slot);
    shrank = lost.length > 0;
  }
  return candidates;
}

const hostName = ({ hash }: Node): string => `host/${hash}`;
const hostKey = (node: Node): string => `${hostName(node)}@0`;

/** Host scalars as inputs `host/HASH`, and the nodes that they stand for. */
function liftHost(roots: readonly Node[], inputs: ReadonlySet<string>) {
  const host = hostNodes(roots, inputs);
  const lifted = topological(roots).filter(({ op, hash }) =>
    host.has(hash) && op.kind !== "input" && op.kind !== "constant"
  );
  const replaced = new Map(
    lifted.map((node) => [node.hash, input(hostName(node), node.shape, node.dtype)]),
  );
  return { lifted, roots: substitute(roots, replaced) };
}

/**
 * The step of a program, node by node. Scalars that follow from hyperparameters and clocks alone are
 * computed in double precision, as the host of a compiled program does; the rest in `precision`.
 */
export function stepRunner(program: StepProgram, precision: Precision = "f64"): StepRunner {
  const inputs = hostSlots(program);
  const regions = program.regions.map((region) => ({
    region,
    ...liftHost(region.assign.map(({ value }) => value), inputs),
  }));
  const isRecord = new Set(
    program.slots.filter(({ role }) => role === "record").map(({ name }) => name),
  );
  const followed = program.slots.filter((s) => s.clock !== undefined && s.follows !== undefined);
  return (values, step) => {
    const known = firstVersions(values);
    known.set(`${STEP}@0`, tensor(step, [], "u32"));
    const followers = evaluate(followed.map((s) => s.follows!), known, { precision: "f64" });
    followed.forEach(({ name }, i) => known.set(`${name}@0`, followers[i]!));
    const versions = new Map<string, number>();
    const next = new Map(values);
    const records = new Map<string, number>();
    for (const { region, lifted, roots } of regions) {
      const on = fires(region, step);
      if (on) {
        const scalars = evaluate(lifted, known, { precision: "f64" });
        lifted.forEach((node, i) => known.set(hostKey(node), scalars[i]!));
      }
      const results = on ? evaluate(roots, known, { precision }) : [];
      region.assign.forEach(({ slot }, i) => {
        // What only the host keeps is never rounded.
        const exact = on && inputs.has(slot)
          ? known.get(hostKey(region.assign[i]!.value))
          : undefined;
        const value = exact ?? results[i];
        if (isRecord.has(slot)) {
          if (value !== undefined) records.set(slot, value.data[0]!);
          return;
        }
        if (value !== undefined) next.set(slot, value);
        const version = (versions.get(slot) ?? 0) + 1;
        versions.set(slot, version);
        known.set(`${slot}@${version}`, next.get(slot)!);
      });
    }
    return { values: next, records };
  };
}

/** One step; see {@link stepRunner}, which is faster for many. */
export function runStep(
  program: StepProgram,
  values: SlotValues,
  step: number,
  precision: Precision = "f64",
): StepResult {
  return stepRunner(program, precision)(values, step);
}
