/**
 * The command line: `deno task train` and its sisters start here.
 *
 * @module
 */
import { Command, CommanderError } from "commander";
import { collectProblems } from "./arguments.ts";
import { addCompileCommand } from "./compile_command.ts";
import { addCompletionCommand } from "./completion_command.ts";
import { describeFailure, failureFields, statusOf } from "./failures.ts";
import { jsonLine } from "./json_lines.ts";
import { addMinimizeCommand } from "./minimize_command.ts";
import { addOptimizersCommand } from "./optimizers_command.ts";
import { addSweepCommand } from "./sweep_command.ts";
import { addTableCommand } from "./table_command.ts";
import { EXIT, processTerminal, type Terminal } from "./terminal.ts";
import { addTrainCommand } from "./train_command.ts";

/** Adds a command to the program; `done` takes its exit status. */
type AddCommand = (program: Command, terminal: Terminal, done: (status: number) => void) => void;

const COMMANDS: readonly AddCommand[] = [
  addTrainCommand,
  addSweepCommand,
  addMinimizeCommand,
  addOptimizersCommand,
  addTableCommand,
  addCompileCommand,
  addCompletionCommand,
];

const EXIT_HELP = `
Exit status:
  0    all went well
  1    a failure: a file, the device, something that the model cannot give
  2    a mistake in the arguments or in a description
  130  ended by Ctrl-C; train and sweep report what was reached

--json writes one JSON object a line, each with the field "event"; a failure is the event "error".`;

/** Every command, ready to parse. */
export function commandTree(terminal: Terminal, done: (status: number) => void): Command {
  const program = new Command("steepest")
    .description("Optimizers as values, compiled into WebGPU kernels.")
    .version("0.1.0")
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.err(text.trimEnd()),
      getOutHelpWidth: () => terminal.width ?? 100,
      getErrHelpWidth: () => terminal.width ?? 100,
      // Plain text, with and without NO_COLOR: asking the environment would need a permission.
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .showHelpAfterError("(--help lists what there is)")
    .addHelpText("after", EXIT_HELP)
    .exitOverride();
  for (const add of COMMANDS) add(program, terminal, done);
  return program;
}

/** Runs the command line with arguments and gives its exit status; it never throws. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
): Promise<number> {
  let status: number = EXIT.ok;
  const program = commandTree(terminal, (ended) => {
    status = ended;
  });
  const problems = collectProblems(program);
  try {
    await program.parseAsync([...args], { from: "user" });
    return status;
  } catch (cause) {
    const ended = statusOf(cause);
    if (ended === EXIT.ok) return ended;
    // The library has already written what is wrong with the arguments.
    if (!(cause instanceof CommanderError)) describeFailure(cause).forEach(terminal.err);
    problems.forEach(terminal.err);
    if (problems.length > 0) terminal.err("\n(--help lists what there is)");
    if (args.includes("--json")) terminal.out(jsonLine("error", failureFields(cause, problems)));
    return ended;
  }
}

if (import.meta.main) Deno.exit(await runCommandLine(Deno.args, processTerminal()));
