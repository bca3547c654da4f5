/**
 * What a rule of lowering sees: where it stands, its clock and gate, and the collector of slots,
 * assignments, records and problems.
 *
 * @module
 */
import { type ErrorKind, type Issue, issue } from "../errors.ts";
import type { Hyper, Schedule } from "../optimizer/schedule.ts";
import { isSignal } from "../optimizer/is_signal.ts";
import type { SignalName } from "../optimizer/signal.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { joinPath } from "../optimizer/walk.ts";
import type { DType, Node, Shape } from "../tensor/node.ts";
import { binary, cast, compare, constant, div, floor, input, mul, select } from "../tensor/ops.ts";
import { substitute, topological } from "../tensor/walk.ts";
import type { Space } from "./arena.ts";
import type { Problem } from "./problem.ts";
import { type Assignment, type EvaluationSource, type Slot, STEP } from "./program.ts";
import { scheduleNode } from "./schedules.ts";
import { signalNode } from "./signals.ts";

/** Factors are made of what samples have become, so their regions come after those of the samples. */
export type Phase = "sample" | "factor";

/** A region to which rules add. */
interface Growing {
  readonly period: number;
  readonly phase: Phase;
  readonly assign: Assignment[];
  /** The next version of a slot, under the hash of the value that becomes it. */
  readonly settled: Map<string, Node>;
}

/** What rules have produced so far. */
export interface Collector {
  readonly slots: Map<string, Slot>;
  /** Regions under construction. */
  readonly regions: Map<string, Growing>;
  /** Values of hyperparameters, by slot and period: each is one value a step, however often it is asked for. */
  readonly hypers: Map<string, Node>;
  /** Where the transforms stand that were lowered. */
  readonly places: Set<string>;
  /** By path of the transform: the number that it multiplies u by. */
  readonly factors: Map<string, Node>;
  /** What transforms take for a lower bound of the loss. */
  readonly bounds: Node[];
  /** Where parameters are read for evaluation; the last one that has a parameter wins. */
  readonly evaluation: EvaluationSource[];
  readonly issues: { readonly kind: ErrorKind; readonly issue: Issue }[];
}

/** What happens at every n-th step of a clock that is not the program's. */
interface Held {
  readonly every: number;
  /** What state has become, under the hash of its value while the gate is open. */
  readonly settled: Map<string, Node>;
}

/** How a rule finds its surroundings. */
export interface Scope {
  readonly problem: Problem;
  /** The parameters that u has at this place. */
  readonly space: Space;
  /** The path of the transform. */
  readonly path: string;
  /** How many steps this transform has taken, as an f32 scalar. */
  readonly clock: Node;
  /** A bool scalar: state moves only where it holds. Absent: always. */
  readonly gate?: Node;
  /** State is assigned in the region with this period … */
  readonly period: number;
  /** … and phase. */
  readonly phase: Phase;
  /** Whether the clock is not the program's, so that no region can tell its k-th steps. */
  readonly ownPace: boolean;
  /** What does not happen at every step of a clock of its own. */
  readonly held?: Held;
  /** The scalars that hyperparameters may read here. */
  readonly signals: ReadonlyMap<SignalName, Node>;
  readonly collector: Collector;
  /** Lowers a transform that stands at a place inside this one. */
  readonly apply: (optimizer: Optimizer, u: Node, place: string, scope: Scope) => Node;
}

/** A piece of state before and after the step. */
interface Evolution {
  readonly old: Node;
  readonly next: Node;
}

/** The region in which state of a scope is assigned; at every step it is the straight one, whatever the phase. */
export function regionOf({ collector: { regions }, period, phase }: Scope): Growing {
  const order = period === 1 ? "sample" : phase;
  const key = `${order} every ${period}`;
  const found = regions.get(key) ?? { period, phase: order, assign: [], settled: new Map() };
  regions.set(key, found);
  return found;
}

/** A piece of state whose next value is still to be said. */
export interface Memory {
  /** The value when the step begins. */
  readonly old: Node;
  /** Says what it becomes at each step of the transform, and gives that value back. */
  readonly become: (value: Node) => Node;
}

/** State called `name` of this transform. A slot of which nobody says what it becomes keeps its value. */
export function remember(
  scope: Scope,
  name: string,
  shape: Shape,
  initial: number | Node,
  dtype: DType = "f32",
): Memory {
  const slot = `state/${joinPath(scope.path, name)}`;
  const old = input(slot, shape, dtype);
  const region = regionOf(scope);
  scope.collector.slots.set(slot, {
    name: slot,
    role: "state",
    shape,
    dtype,
    initial,
    perReplica: true,
  });
  return {
    old,
    become(value) {
      const kept = scope.gate === undefined ? value : select(scope.gate, value, old);
      region.assign.push({ slot, value: kept });
      // Rules go on with the value before the gate; where the gate is shut, their result is not used.
      if (scope.held !== undefined) scope.held.settled.set(value.hash, kept);
      else region.settled.set(value.hash, input(slot, shape, dtype, 1));
      return value;
    },
  };
}

/** State called `name` of this transform, which becomes `next(old)` at each of its steps. */
export function evolve(
  scope: Scope,
  name: string,
  shape: Shape,
  initial: number | Node,
  next: (old: Node) => Node,
  dtype: DType = "f32",
): Evolution {
  const { old, become } = remember(scope, name, shape, initial, dtype);
  return { old, next: become(next(old)) };
}

/** State of the shape of θ that starts as θ and is what is read for evaluation in its place. */
export function evaluated(scope: Scope, name: string, theta: Node): Memory {
  const memory = remember(scope, name, theta.shape, theta);
  const slot = `state/${joinPath(scope.path, name)}`;
  scope.collector.evaluation.push({ slot, space: scope.space });
  return memory;
}

/** Whether what happens in a scope happens at every step of its transform. */
export function everyStep({ period, held }: Scope): boolean {
  return period === 1 && held === undefined;
}

/** The scope of what happens at every k-th step of a transform, from its first step on. */
export function everyNth(scope: Scope, k: number): Scope {
  if (k === 1 || !scope.ownPace) return { ...scope, period: scope.period * k };
  const every = k * (scope.held?.every ?? 1);
  const turns = div(scope.clock, every);
  const due = compare("eq", turns, floor(turns));
  return { ...scope, gate: both(scope.gate, due), held: { every, settled: new Map() } };
}

/** Whether two gates are open. */
export function both(gate: Node | undefined, other: Node): Node {
  return gate === undefined ? other : binary("and", gate, other);
}

/**
 * Tells the host a number once a step; bool becomes 0 or 1. Nothing is told of what does not happen
 * at every step of its transform, and 0 at the steps at which a transform of its own pace rests.
 */
export function record(scope: Scope, what: string, value: Node): void {
  if (!everyStep(scope)) return;
  const name = `record/${joinPath(scope.path, what)}`;
  scope.collector.slots.set(name, {
    name,
    role: "record",
    shape: [],
    dtype: "f32",
    perReplica: true,
  });
  const number = cast(value, "f32");
  const told = scope.ownPace && scope.gate !== undefined ? select(scope.gate, number, 0) : number;
  regionOf(scope).assign.push({ slot: name, value: told });
}

/** u ← by·u; the number belongs to the learning rate where it ends the flow. */
export function scaled(scope: Scope, by: Node, u: Node): Node {
  scope.collector.factors.set(scope.path, by);
  return mul(by, u);
}

/** The slot of a hyperparameter. */
function hyperInput(
  scope: Scope,
  path: string,
  what: Pick<Slot, "initial" | "clock" | "follows">,
): Node {
  const name = `hyper/${joinPath(scope.path, path)}`;
  scope.collector.slots.set(name, {
    name,
    role: "hyper",
    shape: [],
    dtype: "f32",
    ...what,
    perReplica: true,
  });
  return input(name, []);
}

/** An f32 scalar that the host may change at any time. */
export function hyperSlot(scope: Scope, path: string, initial: number): Node {
  return hyperInput(scope, path, { initial });
}

/** Whether a count follows from the step alone, so that the host knows it without the device. */
function isHostClock(clock: Node): boolean {
  return topological([clock]).every(({ op }) => op.kind !== "input" || op.name === STEP);
}

/**
 * A number or a schedule. Where the host knows the clock, the step reads a slot whose value the host
 * computes: then a schedule can take the place of a number, or of another schedule, without a new
 * kernel.
 */
function scheduled(scope: Scope, path: string, value: number | Schedule): Node {
  const { clock } = scope;
  const known = isHostClock(clock) ? { clock } : {};
  if (typeof value === "number") return hyperInput(scope, path, { initial: value, ...known });
  const numberAt = (at: string, initial: number) => hyperSlot(scope, at, initial);
  const follows = scheduleNode(value, clock, path, numberAt);
  const slot = hyperInput(scope, path, { follows, ...known });
  return known.clock === undefined ? follows : slot;
}

/** The value of a hyperparameter at this transform's step: a slot, or a schedule or signal over slots. */
export function hyper(scope: Scope, path: string, value: Hyper): Node {
  const { hypers } = scope.collector;
  const rare = scope.held === undefined ? "" : "held";
  const key = `${joinPath(scope.path, path)}@${scope.phase}${scope.period}${rare}`;
  const known = hypers.get(key);
  if (known !== undefined) return known;
  const node = isSignal(value)
    ? signalNode(value, path, {
      numberAt: (at, initial) => hyperSlot(scope, at, initial),
      remember: (at, initial) => remember(scope, at, [], initial),
      read: (of) => provided(scope, path, of),
    })
    : scheduled(scope, path, value);
  hypers.set(key, node);
  return node;
}

/** The scalar called `of`, or a problem and a stand-in. */
function provided(scope: Scope, path: string, of: SignalName): Node {
  const node = scope.signals.get(of);
  if (node !== undefined) return node;
  const known = [...scope.signals.keys()].join(", ");
  report(
    { ...scope, path: joinPath(scope.path, path) },
    "description",
    `the signal "${of}", which nothing round it provides`,
    `a signal that there is here: ${known}`,
  );
  return constant(1);
}

/** Reports a problem at this transform; lowering goes on, so that all are found. */
export function report(scope: Scope, kind: ErrorKind, found: string, expected: string): void {
  scope.collector.issues.push({ kind, issue: issue(scope.path, found, expected) });
}

/**
 * A value of state that does not change at every step, as what comes after sees it: every next value
 * in it becomes what its slot holds now.
 */
export function settled(value: Node, scope: Scope): Node {
  const versions = scope.held?.settled ??
    (scope.period === 1 ? undefined : regionOf(scope).settled);
  return versions === undefined ? value : substitute([value], versions)[0]!;
}
