/**
 * Which trials of a sweep share a program.
 *
 * @module
 */
import { issue, SteepestError } from "../errors.ts";
import { optionIssues, refuse, type Rules, whole } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { described } from "../optimizer/codec.ts";
import { type Family, familyOf } from "../optimizer/family.ts";
import type { Optimizer } from "../optimizer/types.ts";
import type { FailedTrial } from "./sweep_result.ts";
import type { Settings } from "./trials.ts";

/** Numbers of each replica by path. */
export type Values = Readonly<Record<string, readonly number[]>>;

/** The most replicas of a run unless the caller says otherwise. */
export const SIDE_BY_SIDE = 256;

/** What is planned. */
export interface PlanOptions<S extends Settings, V> {
  readonly trials: readonly S[];
  readonly optimizer: (settings: S) => Optimizer;
  readonly sideBySide?: number;
  /** What a trial changes besides its optimizer. */
  readonly vary: (settings: S) => V;
  /** What a variation may say. */
  readonly rules: Rules<V>;
  /** Equal for variations that may run side by side. */
  readonly keyOf: (variation: V) => string;
}

/** A trial with what it runs. */
export interface Planned<S, V> {
  readonly index: number;
  readonly settings: S;
  readonly optimizer: Optimizer;
  readonly variation: V;
  readonly family: Family;
  /** Equal for trials that may run side by side. */
  readonly key: string;
}

/** The trials that make sense, and those that do not. */
export interface Plans<S, V> {
  readonly planned: readonly Planned<S, V>[];
  readonly failures: readonly FailedTrial<S>[];
}

type Making<S extends Settings, V> = Pick<
  PlanOptions<S, V>,
  "optimizer" | "vary" | "rules" | "keyOf"
>;

function planOf<S extends Settings, V>(
  settings: S,
  index: number,
  { optimizer: build, vary, rules, keyOf }: Making<S, V>,
): Planned<S, V> {
  const optimizer = described(build(settings));
  const variation = vary(settings);
  refuse(optionIssues("vary", variation, rules));
  const family = familyOf(optimizer);
  return {
    index,
    settings,
    optimizer,
    variation,
    family,
    key: `${family.key} ${keyOf(variation)}`,
  };
}

/** The error of several trials: each problem once. */
export function errorOfAll(failures: readonly FailedTrial<unknown>[]): SteepestError {
  const issues = failures.flatMap(({ error }) => error.issues);
  const kind = failures[0]?.error.kind ?? "description";
  return new SteepestError(kind, [...new Map(issues.map((it) => [it.message, it])).values()]);
}

/** Every trial with what it runs; an error where the sweep itself makes no sense, or none of its trials does. */
export function planTrials<S extends Settings, V>(options: PlanOptions<S, V>): Plans<S, V> {
  const { trials, sideBySide = SIDE_BY_SIDE } = options;
  const failures: FailedTrial<S>[] = [];
  const planned = trials.flatMap((settings, index): readonly Planned<S, V>[] => {
    try {
      return [planOf(settings, index, options)];
    } catch (error) {
      if (!(error instanceof SteepestError)) throw error;
      failures.push({ index, settings, error });
      return [];
    }
  });
  const [holds, expected] = whole(1);
  const issues = [
    ...trials.length > 0 ? [] : [issue("trials", "no trials", "at least one")],
    ...holds(sideBySide) ? [] : [issue("sideBySide", show(sideBySide), expected)],
  ];
  if (issues.length > 0 || planned.length === 0) {
    throw new SteepestError("description", [...errorOfAll(failures).issues, ...issues]);
  }
  return { planned, failures };
}

/** Whether one option, changed alone, asks for another program. */
export function isStructural<S extends Settings, V>(
  name: string,
  planned: readonly Planned<S, V>[],
  making: Making<S, V>,
): boolean {
  const [first] = planned;
  if (first === undefined) return false;
  // It may matter beside other values than those of the first trial: what differs in nothing else tells.
  const keys = new Map<string, string>();
  const differs = planned.some(({ settings, key }) => {
    const others = JSON.stringify({ ...settings, [name]: null });
    const known = keys.get(others);
    keys.set(others, key);
    return known !== undefined && known !== key;
  });
  if (differs) return true;
  const values = new Map(planned.map(({ settings }) => [JSON.stringify(settings[name]), settings]));
  return [...values.values()].some((other) => {
    try {
      return planOf({ ...first.settings, [name]: other[name] }, 0, making).key !== first.key;
    } catch (cause) {
      // This option makes no sense without the others of its trial, so nothing is known of it alone.
      if (cause instanceof SteepestError) return false;
      throw cause;
    }
  });
}

/** The numbers in which members of a family differ from the first of them. */
export function valuesOf(members: readonly { readonly family: Family }[]): Values {
  const [first] = members;
  if (first === undefined) return {};
  return Object.fromEntries(
    [...first.family.numbers.keys()].flatMap((path) => {
      const numbers = members.map(({ family }) => family.numbers.get(path)!);
      return numbers.every((n) => n === numbers[0]) ? [] : [[path, numbers]];
    }),
  );
}
