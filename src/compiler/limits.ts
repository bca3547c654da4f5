/**
 * What a plan asks for, against what its device has.
 *
 * @module
 */
import { type Issue, issue } from "../errors.ts";
import type { DeviceLimits } from "../loops/adapter.ts";
import { type Plan, visitCommands } from "./plan.ts";

/** Something of a plan that is more than the device has. */
export interface Excess {
  readonly issue: Issue;
  /** How many times too much it is. */
  readonly times: number;
}

/** What a plan asks for beyond the limits of its device. */
export function excessOf(plan: Plan, limits: DeviceLimits): readonly Excess[] {
  const found: Excess[] = [];
  const check = (path: string, value: number, most: number, what: string, where = "") => {
    if (value <= most) return;
    const expected = `at most ${most}${where}`;
    found.push({ issue: issue(path, `${value} ${what}`, expected), times: value / most });
  };
  for (const { label, words } of plan.buffers) {
    check(label, words * 4, limits.maxBindingBytes, "bytes", " bytes");
  }
  for (const { commands } of plan.regions) {
    visitCommands(commands, (command) => {
      if (command.kind !== "dispatch") return;
      const { label } = plan.kernels[command.kernel]!;
      const most = Math.max(...command.workgroups);
      check(`kernels/${label}`, most, limits.maxWorkgroups, "workgroups", " a dimension");
    });
  }
  return found;
}
