/**
 * What `minimize` is asked for, checked.
 *
 * @module
 */
import { type Issue, issue } from "../errors.ts";
import { ANYTHING, isRecord, RECORD, type Rules } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { RUN_RULES } from "../runtime/options.ts";
import type { MinimizeSettings, Stopping } from "./minimize.ts";

const { transform: _, ...RUNNING } = RUN_RULES;

/** What each option of {@link minimize} may be, but for those that say when to stop. */
export const MINIMIZE_RULES: Rules<MinimizeSettings & Record<keyof Stopping, unknown>> = {
  ...RUNNING,
  record: [(x) => x === "losses" || x === "all", '"losses" or "all"'],
  set: RECORD,
  steps: ANYTHING,
  until: ANYTHING,
  maxSteps: ANYTHING,
};

/** What is wrong with when to stop. */
export function stoppingIssues(options: unknown): Issue[] {
  if (!isRecord(options)) return [];
  const count = (path: string, value: unknown) =>
    Number.isInteger(value) && Number(value) >= 0
      ? []
      : [issue(path, show(value), "a number of steps")];
  const { steps, until: least, maxSteps } = options;
  if (least === undefined) {
    const extra = maxSteps === undefined
      ? []
      : [issue("maxSteps", "`maxSteps` without `until`", "`steps`, or `until` with `maxSteps`")];
    return [...count("steps", steps), ...extra];
  }
  const both = steps === undefined
    ? []
    : [issue("steps", "both `steps` and `until`", "`steps`, or `until` with `maxSteps`")];
  const until = typeof least === "number" && !Number.isNaN(least)
    ? []
    : [issue("until", show(least), "a number")];
  return [...count("maxSteps", maxSteps), ...until, ...both];
}
