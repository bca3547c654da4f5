/**
 * What a shell can complete, read from the commands themselves.
 *
 * @module
 */
import type { Command, Option } from "commander";
import { catalogue } from "../optimizer/catalogue/registry.ts";
import { SUGGESTIONS, type Suggestions } from "./options.ts";

/** What may stand after a flag or in the place of an argument. */
export type Completion =
  /** These words, or a file too. */
  | ({ readonly kind: "words" } & Suggestions)
  /** `NAME=…` with the name of an option of the optimizer on the line, or of this one. */
  | { readonly kind: "settings"; readonly standard: string }
  /** Something that nobody can guess. */
  | { readonly kind: "free" };

/** A flag of a command. */
export interface FlagCompletion {
  /** With its dashes. */
  readonly flag: string;
  readonly description: string;
  /** What follows it; absent for a switch. */
  readonly value?: Completion;
}

/** A command with what may follow it. */
interface CommandCompletion {
  readonly name: string;
  readonly description: string;
  readonly flags: readonly FlagCompletion[];
  /** Words for its argument, if it has one. */
  readonly words: readonly string[];
}

/** Everything that a script completes. */
export interface CompletionTree {
  readonly commands: readonly CommandCompletion[];
  /** Flags that stand where a command does. */
  readonly flags: readonly FlagCompletion[];
  /** Names of the options of each optimizer. */
  readonly options: Readonly<Record<string, readonly string[]>>;
  /** Flags after which the name of an optimizer stands. */
  readonly optimizerFlags: readonly string[];
}

const OPTIMIZER = "name|file";

/** The name in the brackets of an option, such as `name|file`. */
function valueName({ flags }: Option): string | undefined {
  return /[<[](.+?)[>\]]/.exec(flags)?.[1];
}

function completionOf(option: Option, siblings: readonly Option[]): Completion | undefined {
  const name = valueName(option);
  if (name === undefined) return undefined;
  if (option.argChoices !== undefined) {
    return { kind: "words", words: option.argChoices, files: false };
  }
  if (name.startsWith("name=")) {
    const standard: unknown = siblings.find((o) => valueName(o) === OPTIMIZER)?.defaultValue;
    return { kind: "settings", standard: typeof standard === "string" ? standard : "" };
  }
  const known = SUGGESTIONS[name];
  return known === undefined ? { kind: "free" } : { kind: "words", ...known() };
}

/** The flags of a command, help among them. */
function flagsOf(command: Command): readonly FlagCompletion[] {
  const visible = command.createHelp().visibleOptions(command);
  return visible.map((option) => {
    const value = completionOf(option, command.options);
    const flag = option.long ?? option.short ?? option.flags;
    return { flag, description: option.description, ...(value === undefined ? {} : { value }) };
  });
}

/** The tree of a program. */
export function completionTree(program: Command): CompletionTree {
  const commands = program.createHelp().visibleCommands(program)
    .map((command): CommandCompletion => ({
      name: command.name(),
      description: command.description().split("\n")[0]!,
      flags: flagsOf(command),
      words: command.registeredArguments.flatMap((argument) =>
        argument.argChoices ?? SUGGESTIONS[argument.name()]?.().words ?? []
      ),
    }));
  const optimizers = program.commands.flatMap(({ options }) =>
    options.filter((option) => valueName(option) === OPTIMIZER)
  );
  return {
    commands,
    flags: flagsOf(program),
    options: Object.fromEntries(
      Object.values(catalogue).map(({ name, defaults }) => [name, Object.keys(defaults)]),
    ),
    optimizerFlags: [...new Set(optimizers.map(({ long }) => long!))],
  };
}
