/** Calls of what the results of functions offer. */
import * as steepest from "../../mod.ts";
import { described, given, optional, optionals, row, type Rows } from "./_arguments.ts";
import { WRONG } from "./_wrong.ts";

const shape = given([2], "list");
const bowl = WRONG.objective;
const compiled = await steepest.compile(bowl, steepest.adam(), { backend: "reference" })();
const program = steepest.getOrThrow(compiled);
program.step(2);
const saved = await program.save();
const run = await steepest.minimize(bowl, steepest.adam(), { steps: 1, backend: "reference" });
const trained = await steepest.train({
  model: steepest.mlp({ input: [1, 28, 28], classes: 10 }),
  data: steepest.digits({ train: 4, test: 2 }),
  optimizer: steepest.sgd(),
  batchSize: 2,
  backend: "js",
});

let source: steepest.RandomSource | undefined;
let mode: steepest.Mode | undefined;
steepest.objective({
  parameters: { x: 1 },
  loss: ({ x }, _, circumstances) => {
    mode = circumstances;
    source = circumstances.random("rows");
    return steepest.square(x);
  },
});

/** What is offered, by name. */
export const OFFERS: Readonly<Record<string, object>> = {
  program,
  run,
  trained,
  entry: steepest.catalogue["adam"]!,
  mode: mode!,
  random: source!,
};

/** Rows for each function of what is offered. */
export const OFFERED: Readonly<Record<string, Rows>> = {
  program: {
    step: row(program.step, optional(1, "three")),
    set: row(program.set, given({ "1/scale/by": 0.1 }, "object")),
    records: row(program.records, given(0), given(1, "three")),
    replica: row(program.replica, given(0)),
    restore: row(program.restore, given(saved)),
    losses: row(program.losses),
    parameters: row(program.parameters),
    evaluationParameters: row(program.evaluationParameters),
    values: row(program.values),
    telemetry: row(program.telemetry),
    settled: row(program.settled),
    flatParameters: row(program.flatParameters),
    flatEvaluationParameters: row(program.flatEvaluationParameters),
    save: row(program.save),
  },
  run: { replica: row(run.replica, given(0)) },
  trained: { replica: row(trained.replica, given(0)) },
  entry: { build: row(steepest.catalogue["adam"]!.build, optionals(described(steepest.ADAM))) },
  mode: { random: row(mode!.random, given("name", "text")) },
  random: {
    bits: row(source!.bits, shape),
    uniform: row(source!.uniform, shape),
    rademacher: row(source!.rademacher, shape),
    normal: row(source!.normal, shape),
    bernoulli: row(source!.bernoulli, given(0.5), shape),
  },
};
