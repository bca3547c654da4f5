/** Reading the arguments of a task, so that all answer to `--help` and to what they do not know alike. */
import { Argument, Command, CommanderError, InvalidArgumentError } from "commander";
import * as E from "fp-ts/lib/Either.js";

/** What a task was given. */
export interface Given<O> {
  /** What is no option. */
  readonly words: readonly string[];
  readonly options: O;
}

/** The exit status after arguments that cannot be read; a task that fails ends with 1. */
const USAGE = 2;

/** A task, by how it is started, to which arguments and options are added. */
export function task(name: string, description: string): Command {
  return new Command(name).description(description).showHelpAfterError().exitOverride();
}

/** Reads the name of something that there is. */
export function knownName(names: readonly string[]): (text: string) => string {
  return (text) => {
    if (names.includes(text)) return text;
    throw new InvalidArgumentError("There is none of that name; below are those that there are.");
  };
}

/** The argument `[name…]`: some of `names`, which the help lists, or all of them. */
export function someOf(name: string, names: readonly string[]): Argument {
  const read = knownName(names);
  return new Argument(`[${name}...]`, "all, where none is given").choices(names)
    .argParser((text: string, before: readonly string[] = []) => [...before, read(text)]);
}

/** What arguments say to a task, or the exit status where help or what is wrong has been written. */
export function given<O extends object>(
  command: Command,
  args: readonly string[] = Deno.args,
): E.Either<number, Given<O>> {
  try {
    command.parse([...args], { from: "user" });
    return E.right({ words: command.args, options: command.opts<O>() });
  } catch (cause) {
    if (!(cause instanceof CommanderError)) throw cause;
    return E.left(cause.exitCode === 0 ? 0 : USAGE);
  }
}
