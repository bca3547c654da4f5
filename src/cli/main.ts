/**
 * The command line. `deno task train` and `deno task optimizers` start here.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { describeFailure, statusOf } from "./failures.ts";
import { addMinimizeCommand } from "./minimize_command.ts";
import { addOptimizersCommand } from "./optimizers_command.ts";
import { EXIT, processTerminal, type Terminal } from "./terminal.ts";
import { addTrainCommand } from "./train_command.ts";

/** Runs the command line with arguments and gives its exit status; it never throws. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  let status: number = EXIT.ok;
  const done = (ended: number) => {
    status = ended;
  };
  const program = new Command("steepest")
    .description("Optimizers as values, compiled into WebGPU kernels.")
    .version("0.1.0")
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      // Plain text: asking the environment about colours would need a permission.
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("(--help lists what there is)")
    .exitOverride();
  addTrainCommand(program, terminal, done);
  addOptimizersCommand(program, terminal, done);
  addMinimizeCommand(program, terminal, done);
  try {
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (cause) {
    // The library has already written what is wrong with the arguments.
    if (!(cause instanceof CommanderError)) describeFailure(cause).forEach(terminal.err);
    return statusOf(cause);
  }
}

if (import.meta.main) Deno.exit(await runCommandLine(Deno.args, processTerminal()));
