/**
 * Which trials of a sweep share a program.
 *
 * @module
 */
import { issue, SteepestError } from "../errors.ts";
import { described } from "../optimizer/codec.ts";
import { type Family, familyOf } from "../optimizer/family.ts";
import type { Optimizer } from "../optimizer/types.ts";
import type { Settings } from "./trials.ts";

/** Numbers of each replica by path. */
export type Values = Readonly<Record<string, readonly number[]>>;

/** The most replicas of a run unless the caller says otherwise. */
export const SIDE_BY_SIDE = 256;

/** What is planned. */
export interface PlanOptions<S extends Settings> {
  readonly trials: readonly S[];
  readonly optimizer: (settings: S) => Optimizer;
  readonly sideBySide?: number;
}

/** A trial with its optimizer. */
export interface Planned<S> {
  readonly index: number;
  readonly settings: S;
  readonly optimizer: Optimizer;
  readonly family: Family;
}

/** Every optimizer, or everything that is wrong with any of them, each problem once. */
export function planTrials<S extends Settings>(options: PlanOptions<S>): readonly Planned<S>[] {
  const { trials, optimizer: build, sideBySide = SIDE_BY_SIDE } = options;
  const issues = new Map(
    trials.length > 0 ? [] : [["", issue("trials", "no trials", "at least one")]],
  );
  const planned = trials.flatMap((settings, index): readonly Planned<S>[] => {
    try {
      const optimizer = described(build(settings));
      return [{ index, settings, optimizer, family: familyOf(optimizer) }];
    } catch (cause) {
      if (!(cause instanceof SteepestError)) throw cause;
      cause.issues.forEach((one) => issues.set(one.message, one));
      return [];
    }
  });
  if (!Number.isInteger(sideBySide) || sideBySide < 1) {
    issues.set("sideBySide", issue("sideBySide", String(sideBySide), "an integer ≥ 1"));
  }
  if (issues.size > 0) throw new SteepestError("description", [...issues.values()]);
  return planned;
}

/** Whether one option, changed alone, asks for another program. */
export function isStructural<S extends Settings>(
  name: string,
  planned: readonly Planned<S>[],
  build: (settings: S) => Optimizer,
): boolean {
  const [first] = planned;
  if (first === undefined) return false;
  // It may matter beside other values than those of the first trial: what differs in nothing else tells.
  const families = new Map<string, string>();
  const differs = planned.some(({ settings, family }) => {
    const others = JSON.stringify({ ...settings, [name]: null });
    const known = families.get(others);
    families.set(others, family.key);
    return known !== undefined && known !== family.key;
  });
  if (differs) return true;
  const values = new Map(planned.map(({ settings }) => [JSON.stringify(settings[name]), settings]));
  return [...values.values()].some((other) => {
    try {
      const changed = build({ ...first.settings, [name]: other[name] });
      return familyOf(described(changed)).key !== first.family.key;
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
