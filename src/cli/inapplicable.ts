/**
 * Options that mean nothing beside the others are refused, never passed over.
 *
 * @module
 */
import type { Command } from "commander";
import { issue, SteepestError } from "../errors.ts";

/** Options by attribute name, and whether they mean nothing here. */
interface Inapplicable {
  readonly options: readonly string[];
  /** What makes them so, such as `with --function`. */
  readonly here: string;
  readonly when: boolean;
}

/**
 * Refuses options that were given and mean nothing here.
 *
 * @throws {SteepestError} of kind `description`, with every one of them.
 */
export function refuseInapplicable(command: Command, rules: readonly Inapplicable[]): void {
  const issues = rules.filter(({ when }) => when).flatMap(({ options, here }) =>
    command.options
      .filter((option) => options.includes(option.attributeName()))
      .filter((option) => command.getOptionValueSource(option.attributeName()) === "cli")
      .map(({ long }) => {
        const path = long ?? "";
        return issue(path, "it", `no such option ${here}`, `${path} means nothing ${here}`);
      })
  );
  if (issues.length > 0) throw new SteepestError("description", issues);
}
