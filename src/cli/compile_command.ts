/**
 * `steepest compile`: what the compiler makes of an optimizer, without running it.
 *
 * @module
 */
import { type Command, Option } from "commander";
import { planPasses } from "../compiler/compile_plan.ts";
import { describe, type KernelDescription } from "../compiler/describe.ts";
import { failure } from "../errors.ts";
import { type AdapterClass, DEFAULT_ADAPTER } from "../loops/adapter.ts";
import { lower } from "../lowering/lower.ts";
import type { StepProgram } from "../lowering/program.ts";
import { classification } from "../objective/classification.ts";
import { closest } from "../errors/words.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { JS_ADAPTER } from "../runtime/launch.ts";
import { getOrThrow } from "../runtime/program.ts";
import { sizeOf } from "../tensor/node.ts";
import { deviceBatches } from "../training/batches.ts";
import { refuseInapplicable } from "./inapplicable.ts";
import { advisingSettings } from "./network_settings.ts";
import { optimizerFrom } from "./optimizer_argument.ts";
import { addJson, addOptimizer, modelOption } from "./options.ts";
import { planEvents, planLines } from "./plan_report.ts";
import { functionCalled, functionHelp, type ModelName, startOf, withModel } from "./subject.ts";
import { EXIT, type Terminal } from "./terminal.ts";
import { testObjective } from "./test_functions.ts";
import { integer, numbers, type Setting } from "./values.ts";

interface CompileArguments {
  readonly optimizer: string;
  readonly set: Readonly<Record<string, Setting>>;
  readonly model?: ModelName;
  readonly function?: string;
  readonly start?: readonly number[];
  readonly batchSize: number;
  readonly trainImages: number;
  readonly replicas: number;
  readonly target: "wgsl" | "js";
  readonly adapter: "cpu" | "gpu";
  readonly kernel?: string;
  readonly source: boolean;
  readonly json: boolean;
}

/** The step that `train` would run, on so many images. */
function onModel(name: ModelName, optimizer: Optimizer, args: CompileArguments): StepProgram {
  const { batchSize, trainImages: count } = args;
  return withModel(name, (model) => {
    const bytes = (width: number) => ({
      kind: "bytes" as const,
      values: new Uint8Array(count * width),
    });
    const batches = deviceBatches({
      columns: { x: bytes(sizeOf(model.inputShape)), y: bytes(1) },
      count,
      batchSize,
      order: "shuffled",
    });
    return batches.transform(getOrThrow(lower(classification(model, batchSize), optimizer)));
  });
}

function onFunction(name: string, optimizer: Optimizer, args: CompileArguments): StepProgram {
  const chosen = functionCalled(name);
  return getOrThrow(lower(testObjective(chosen, startOf(chosen, args.start)), optimizer));
}

/** The kernel of an index or a label. */
function kernelCalled(kernels: readonly KernelDescription[], name: string): KernelDescription {
  const labels = kernels.map(({ label }) => label);
  // A run of small kernels is called by its first and its last.
  const parts = (label: string) => label.split(", ").filter((part) => part !== "…");
  const found = kernels.find(({ label }) => label === name) ??
    (/^\d+$/.test(name) ? kernels[Number(name)] : undefined) ??
    kernels.find(({ label }) => parts(label).includes(name));
  if (found !== undefined) return found;
  const hint = closest(name, labels.flatMap(parts));
  throw failure(
    "description",
    "--kernel",
    `"${name}"`,
    `an index from 0 to ${kernels.length - 1}, or a label`,
    `--kernel: expected an index from 0 to ${kernels.length - 1}, or one of ${
      labels.map((label) => JSON.stringify(label)).join(", ")
    }; found "${name}"${hint === "" ? "" : `; did you mean ${hint}?`}`,
  );
}

async function run(
  args: CompileArguments,
  command: Command,
  { out, width }: Terminal,
): Promise<number> {
  if (args.model !== undefined && args.function !== undefined) {
    throw failure("description", "--function", "--model too", "a model or a function");
  }
  const onFunctions = args.function !== undefined;
  refuseInapplicable(command, [
    { options: ["batchSize", "trainImages"], here: "with --function", when: onFunctions },
    { options: ["start"], here: "without --function", when: !onFunctions },
    { options: ["adapter"], here: "with --target js", when: args.target === "js" },
  ]);
  const optimizer = await optimizerFrom(args.optimizer, args.set);
  const model = args.model ?? "cnn", subject = args.function ?? model;
  const program = args.function === undefined
    ? await advisingSettings(
      { ...args, settings: args.set, model },
      () => onModel(model, optimizer, args),
    )
    : onFunction(args.function, optimizer, args);
  const adapter: AdapterClass = args.target === "js"
    ? JS_ADAPTER
    : { ...DEFAULT_ADAPTER, kind: args.adapter };
  const { target, replicas } = args;
  const { plan, passes } = getOrThrow(planPasses(program, { replicas, target, adapter }));
  const description = describe({ plan })!;
  const chosen = args.kernel === undefined
    ? undefined
    : kernelCalled(description.kernels, args.kernel);
  const report = {
    title: `${args.optimizer} on ${subject}`,
    optimizer,
    description,
    passes,
    hostScalars: plan.hostScalars,
    parameters: program.arena.size,
  };
  if (args.json) {
    const shown = (kernel: KernelDescription) => args.source || kernel === chosen;
    planEvents(report, (kernel) => shown(kernel) ? kernel.source : undefined).forEach(out);
    return EXIT.ok;
  }
  if (chosen !== undefined) {
    out(chosen.source.trimEnd());
    return EXIT.ok;
  }
  planLines(report, width).forEach(out);
  if (args.source) {
    description.kernels.forEach(({ label, source }, i) => {
      ["", `// ${i}: ${label}`, source.trimEnd()].forEach(out);
    });
  }
  return EXIT.ok;
}

/** Adds the command to the program; `done` takes its exit status. */
export function addCompileCommand(
  program: Command,
  terminal: Terminal,
  done: (status: number) => void,
): void {
  const command = program.command("compile")
    .description("Show what the compiler makes of an optimizer; needs no device.");
  addOptimizer(command, "adam")
    .optionsGroup("What is minimised:")
    .addOption(modelOption())
    .option("--function <function>", "a test function in place of a model")
    .option("--start <numbers>", "with --function: as many numbers as it has", numbers)
    .option("--batch-size <n>", "with a model: images in a step", integer(1), 60)
    .option("--train-images <n>", "with a model: images on the device", integer(1), 10_000)
    .optionsGroup("Plan:")
    .option("--replicas <n>", "copies side by side", integer(1, 65_535), 1)
    .addOption(
      new Option("--target <name>", "the language of the kernels").choices(["wgsl", "js"])
        .default("wgsl"),
    )
    .addOption(
      new Option("--adapter <kind>", "with wgsl: a software adapter or a real one")
        .choices(["cpu", "gpu"]).default("cpu"),
    );
  addJson(command, "kernels, regions, buffers, host scalars, needs and totals")
    .option("--kernel <label|index>", "the source of one kernel, and nothing else")
    .option("--source", "the source of every kernel after the tables", false)
    .addHelpText(
      "after",
      `${functionHelp()}

Examples:
  compile --optimizer nasgd --function rosenbrock --source
  compile --optimizer adam --model mlp --kernel 0
  compile --optimizer my-optimizer.json --target js --json`,
    )
    .action(async (args: CompileArguments) => done(await run(args, command, terminal)));
}
