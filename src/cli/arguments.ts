/**
 * Every argument that cannot be read, reported together instead of the first alone.
 *
 * @module
 */
import { type Command, CommanderError, InvalidArgumentError, type Option } from "commander";
import { EXIT } from "./terminal.ts";

/** Lets an option remember what is wrong with its argument, and go on as if it had not been given. */
function remember(option: Option, problems: string[]): void {
  const parse = option.parseArg;
  if (parse === undefined) return;
  option.argParser((text: string, before: unknown) => {
    try {
      return parse.call(option, text, before);
    } catch (cause) {
      if (!(cause instanceof InvalidArgumentError)) throw cause;
      problems.push(
        `error: option '${option.flags}' argument '${text}' is invalid. ${cause.message}`,
      );
      return before;
    }
  });
}

/**
 * Collects the problems of all options of all commands while arguments are parsed; a command that would
 * begin with some is not begun.
 */
export function collectProblems(program: Command): readonly string[] {
  const problems: string[] = [];
  for (const command of program.commands) {
    for (const option of command.options) remember(option, problems);
    command.hook("preAction", () => {
      if (problems.length === 0) return;
      throw new CommanderError(EXIT.usage, "steepest.invalidArguments", problems.join("\n"));
    });
  }
  return problems;
}
