/**
 * `steepest completion`: scripts that let a shell complete commands, flags, optimizers and their options.
 *
 * @module
 */
import { Argument, type Command, InvalidArgumentError } from "commander";
import { COMPLETION_SCRIPTS } from "./completion_scripts.ts";
import { completionTree } from "./completion_tree.ts";
import { EXIT, type Terminal } from "./terminal.ts";

interface CompletionArguments {
  readonly command: string;
}

function commandName(text: string): string {
  if (/^[A-Za-z_][\w.-]*$/.test(text)) return text;
  throw new InvalidArgumentError("Expected the name of a command.");
}

/** Adds the command to the program; `done` takes its exit status. */
export function addCompletionCommand(
  program: Command,
  terminal: Terminal,
  done: (status: number) => void,
): void {
  program.command("completion")
    .description("Write the completion script of a shell.")
    .addArgument(
      new Argument("<shell>", "the shell").choices(Object.keys(COMPLETION_SCRIPTS)),
    )
    .option("--command <name>", "what the command line is called there", commandName, "steepest")
    .addHelpText(
      "after",
      `
Examples:
  source <(steepest completion bash)
  source <(steepest completion zsh)
  steepest completion fish | source`,
    )
    .action((shell: keyof typeof COMPLETION_SCRIPTS, { command }: CompletionArguments) => {
      terminal.out(COMPLETION_SCRIPTS[shell](completionTree(program), command));
      done(EXIT.ok);
    });
}
