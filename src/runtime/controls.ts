/**
 * Hyperparameters of a running program: read by path, and changed without compiling anything.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { failure, type Issue, issue, SteepestError } from "../errors.ts";
import { isRecord } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import type { Slot, StepProgram } from "../lowering/program.ts";
import { STEP } from "../lowering/program.ts";
import { scheduleNode } from "../lowering/schedules.ts";
import { checkValue, hyperparametersOf } from "../optimizer/hyperparameters.ts";
import { isSignal } from "../optimizer/is_signal.ts";
import type { Hyper, Schedule, ScheduleKind } from "../optimizer/schedule.ts";
import type { SignalKind } from "../optimizer/signal.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { scalarEvaluator } from "../reference/scalars.ts";
import type { Node } from "../tensor/node.ts";
import { input } from "../tensor/ops.ts";
import { topological } from "../tensor/walk.ts";
import type { Executor } from "./executor.ts";
import { type Definition, slotsAfter } from "./hyper_table.ts";

/** New values by path: a number or a schedule for all replicas, or a number for each. */
export type HyperparameterValues = Readonly<
  Record<string, number | readonly number[] | Schedule>
>;

/** What a hyperparameter is now. */
export interface CurrentValue {
  /** `"number"`, or the kind of its schedule or signal. */
  readonly kind: "number" | ScheduleKind | SignalKind;
  /** What the next step uses. Absent where it is a signal, which the device computes in the step itself. */
  readonly value?: number;
}

/** Hyperparameters by path; those inside a schedule or signal, such as `1/scale/by/from`, too. */
export type CurrentValues = Readonly<Record<string, CurrentValue>>;

/**
 * Reading and changing hyperparameters while a program runs.
 *
 * @example
 * ```ts
 * import { compile, getOrThrow, linear, objective, scale, square } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 *
 * const bowl = objective({ parameters: { x: 2 }, loss: ({ x }) => square(x) });
 * const compiled = await compile(bowl, scale(0.25), { backend: "js" })();
 * using program = getOrThrow(compiled);
 * program.step(1);
 * getOrThrow(program.set({ "scale/by": linear({ from: 0.4, to: 0, steps: 4 }) }));
 * const rate = (await program.values())["scale/by"];
 * assert.deepEqual([rate?.kind, rate?.value?.toFixed(6)], ["linear", "0.300000"]);
 * ```
 */
export interface Controls {
  /**
   * Changes hyperparameters from the next step that is not queued on; compiles nothing. A schedule
   * may take the place of a number or of another schedule, and a number that of a schedule; its
   * clock goes on counting the steps of its transform.
   *
   * Left, and nothing is changed: `description` for unknown paths and values out of range; `need`
   * for a change of kind that would need other kernels, which is where the device decides (a signal,
   * or a schedule behind `skipNonFinite`): compile the optimizer that has it.
   */
  set(values: HyperparameterValues): E.Either<SteepestError, void>;
  /** What the next step uses, by path; schedules at the step that their transform has come to. */
  values(): Promise<CurrentValues>;
}

/** Definitions that a checkpoint asks for. */
interface Recalled {
  /** The slots that the executor has with them. */
  readonly slots: readonly string[];
  readonly apply: () => void;
}

/** {@link Controls}, and what a program needs besides. */
export interface ProgramControls extends Omit<Controls, "values"> {
  /** The values of replica r. */
  readonly values: (r: number) => Promise<CurrentValues>;
  /** The values whose kind was changed, by path. */
  readonly changed: Readonly<Record<string, Hyper>>;
  /** What it takes to have these values of changed kinds, and no others. */
  readonly recall: (changed: Readonly<Record<string, unknown>>) => E.Either<Issue[], Recalled>;
}

const HYPER = "hyper/";

type Kinds = ReadonlyMap<string, Hyper>;

/** A value of another kind, and what the executor has to be told. */
interface Change {
  readonly path: string;
  readonly value: number | Schedule;
  readonly slot: string;
  readonly definition: Definition;
}

function isSchedule(value: unknown): value is Schedule {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function changeTo(path: string, value: number | Schedule, clock: Node): Change {
  const slot = HYPER + path;
  const numbers = new Map<string, number>();
  const numberAt = (at: string, initial: number) => {
    numbers.set(HYPER + at, initial);
    return input(HYPER + at, []);
  };
  const node = scheduleNode(value, clock, path, numberAt);
  const definition = typeof value === "number" ? { numbers } : { numbers, follows: node };
  return { path, value, slot, definition };
}

function inputsOf(node: Node): readonly string[] {
  return topological([node]).flatMap(({ op }) => op.kind === "input" ? [op.name] : []);
}

/** The controls of a program that runs in `executor`. */
export function programControls(
  executor: Executor,
  program: StepProgram,
  optimizer: Optimizer,
): ProgramControls {
  const slots = new Map(
    program.slots.filter(({ role }) => role === "hyper").map((s): [string, Slot] => [s.name, s]),
  );
  const original: Kinds = new Map(
    hyperparametersOf(optimizer).filter(({ kind }) => kind === "value")
      .map(({ path, value }) => [path, value as Hyper]),
  );
  const current = new Map(original);
  const changed = new Map<string, Hyper>();
  const followed = new Map(
    [...slots.values()].flatMap(({ name, follows }) =>
      follows === undefined ? [] : [[name, follows] as const]
    ),
  );

  const apply = (changes: readonly Change[]): void => {
    for (const { path, value, slot, definition } of changes) {
      executor.define(slot, definition);
      current.set(path, value);
      if (value === original.get(path)) changed.delete(path);
      else changed.set(path, value);
      if (definition.follows === undefined) followed.delete(slot);
      else followed.set(slot, definition.follows);
    }
  };
  const after = (changes: readonly Change[]): ReadonlySet<string> =>
    changes.reduce<ReadonlySet<string>>(
      (names, { slot, definition }) => slotsAfter(names, slot, definition),
      new Set(executor.slots),
    );

  /** Another kind of value at a path, or why it would need other kernels. */
  const changeAt = (path: string, given: unknown): E.Either<readonly Issue[], Change> => {
    const clock = slots.get(HYPER + path)?.clock;
    if (isSignal(given) || isSignal(original.get(path)) || clock === undefined) {
      const found = isSignal(given) ? `a signal of kind "${given.kind}"` : "a change of kind";
      const expected = "the kind that it was compiled with: the device computes it; " +
        "compile an optimizer that has the other";
      return E.left([issue(path, found, expected)]);
    }
    const checked = checkValue(optimizer, path, given);
    return E.isLeft(checked)
      ? checked
      : E.right(changeTo(path, checked.right as number | Schedule, clock));
  };

  const unknown = (path: string, known: Iterable<string>): Issue => {
    const paths = [...known].filter((name) => name.startsWith(HYPER))
      .map((name) => name.slice(HYPER.length));
    const expected = `one of ${paths.join(", ") || "nothing: there are no hyperparameters"}`;
    const it = hyperparametersOf(optimizer)
      .find((h) => path === h.path || path.startsWith(`${h.path}/`));
    if (it === undefined) return issue(path, "no such hyperparameter", expected);
    if (it.kind === "value") {
      const found = "a value that no step reads, as its part of a partition gets no parameters";
      return issue(path, found, expected);
    }
    const found = it.kind === "rhythm" ? "a rhythm" : "a structural value";
    return issue(path, `${found}, which is compiled in`, `${expected}, or another program`);
  };

  /** What is wrong with a number at a path, after changes of kind. */
  const numberIssues = (path: string, value: number, kinds: Kinds): readonly Issue[] => {
    for (const [whole, it] of kinds) {
      if (typeof it === "number" || !path.startsWith(`${whole}/`)) continue;
      const checked = checkValue(optimizer, path, value, { path: whole, value: it });
      return E.isLeft(checked) ? checked.left : [];
    }
    const checked = checkValue(optimizer, path, value);
    return E.isLeft(checked) ? checked.left : [];
  };

  const set = (values: HyperparameterValues): E.Either<SteepestError, void> => {
    if (!isRecord(values)) {
      return E.left(failure("description", "set", show(values), "hyperparameters by path"));
    }
    const issues: Issue[] = [], needs: Issue[] = [], changes: Change[] = [];
    const refused = new Set<string>();
    for (const [path, given] of Object.entries(values)) {
      const kind = current.get(path);
      const known = slots.has(HYPER + path) || isSignal(kind);
      if (!isSchedule(given) && (typeof kind !== "object" || !known)) continue;
      refused.add(path);
      if (!known || kind === undefined) {
        issues.push(unknown(path, [...slots.keys()]));
        continue;
      }
      const first = Array.isArray(given) ? given[0] : given;
      const change = changeAt(path, first);
      if (E.isRight(change)) {
        changes.push(change.right);
        refused.delete(path);
      } else if (slots.get(HYPER + path)?.clock === undefined || isSignal(first)) {
        needs.push(...change.left);
      } else issues.push(...change.left);
    }
    const kinds = new Map([
      ...current,
      ...changes.map(({ path, value }) => [path, value] as const),
    ]);
    const names = after(changes);
    const writes = Object.entries(values).flatMap(([path, given]) => {
      if (isSchedule(given) || refused.has(path)) return [];
      const numbers = typeof given === "number" ? [given] : given as readonly number[];
      if (!names.has(HYPER + path)) {
        issues.push(unknown(path, names));
        return [];
      }
      if (!Array.isArray(numbers) || !numbers.every(Number.isFinite)) {
        issues.push(issue(path, show(given), "finite numbers"));
        return [];
      }
      issues.push(...numbers.flatMap((value) => numberIssues(path, value, kinds)));
      const { replicas } = executor;
      if (numbers.length !== 1 && numbers.length !== replicas) {
        issues.push(issue(path, `${numbers.length} numbers`, `1, or ${replicas} for the replicas`));
      }
      return [[HYPER + path, numbers] as const];
    });
    if (issues.length + needs.length > 0) {
      const kind = issues.length > 0 ? "description" : "need";
      return E.left(new SteepestError(kind, [...issues, ...needs]));
    }
    apply(changes);
    for (const [slot, numbers] of writes) executor.write(slot, numbers);
    return E.right(undefined);
  };

  const values = async (r: number): Promise<CurrentValues> => {
    const step = executor.steps;
    const numbers = executor.slots.filter((name) => name.startsWith(HYPER));
    const graphs = [...followed];
    const kinds = new Map(current);
    const counts = graphs.flatMap(([, node]) => inputsOf(node)).filter((name) => name !== STEP);
    const rows = await Promise.all(
      [...new Set([...numbers, ...counts])].map(async (name) =>
        [name, await executor.read(name)] as const
      ),
    );
    const inputs = new Map(rows.map(([name, row]) => [`${name}@0`, row[r]!]));
    inputs.set(`${STEP}@0`, step);
    const entries = [
      ...numbers.map((name): [string, CurrentValue] => [
        name.slice(HYPER.length),
        { kind: "number", value: inputs.get(`${name}@0`)! },
      ]),
      ...[...kinds].flatMap(([path, it]): [string, CurrentValue][] => {
        if (typeof it === "number") return [];
        const node = graphs.find(([name]) => name === HYPER + path)?.[1];
        if (node === undefined) return isSignal(it) ? [[path, { kind: it.kind }]] : [];
        return [[path, { kind: it.kind, value: scalarEvaluator([node])(inputs)[0]! }]];
      }),
    ];
    return Object.fromEntries(entries.toSorted(([a], [b]) => a < b ? -1 : 1));
  };

  return {
    set,
    values,
    get changed() {
      return Object.fromEntries([...changed].toSorted(([a], [b]) => a < b ? -1 : 1));
    },
    recall(wanted) {
      const issues: Issue[] = [];
      const changes = [...new Set([...changed.keys(), ...Object.keys(wanted)])].flatMap((path) => {
        const change = changeAt(path, wanted[path] ?? original.get(path));
        if (E.isRight(change)) return [change.right];
        issues.push(...change.left);
        return [];
      });
      if (issues.length > 0) return E.left(issues);
      return E.right({ slots: [...after(changes)], apply: () => apply(changes) });
    },
  };
}
