/** The CNN step, compiled: the same work in every row that it stands in. */
import { mnistCnn } from "../../src/nn/models.ts";
import type { Parameters } from "../../src/nn/parameters.ts";
import { classification } from "../../src/objective/classification.ts";
import { adam } from "../../src/optimizer/catalogue/adam.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow, type Program } from "../../src/runtime/program.ts";
import { handSide, type Rule } from "./_hand.ts";
import { alternate, type Row, type Side } from "./_measure.ts";

/** The updates that are compared. */
const RULES: Readonly<Record<Rule, () => Optimizer>> = { sgd, adam };

/** Images in a batch, and steps in a run. */
const BATCH = 60, STEPS = 10;

/** Without dropout, on one batch that lies on the device: nothing is gathered, as in what it is compared with. */
export async function cnnStep(rule: Rule): Promise<Program<Parameters>> {
  const images = Float32Array.from({ length: BATCH * 784 }, (_, i) => Math.sin(i * i));
  const labels = Uint32Array.from({ length: BATCH }, (_, i) => (7 * i) % 10);
  const compiled = await compile(
    classification(mnistCnn({ dropout: false }), BATCH),
    RULES[rule](),
    {
      backend: "webgpu",
      data: { x: images, y: labels },
    },
  )();
  return getOrThrow(compiled) as unknown as Program<Parameters>;
}

/** Steps of a program, as a side. */
export function programSide(program: Program<Parameters>, units: number = STEPS): Side {
  return {
    name: "compiled",
    units,
    run: async () => {
      program.step(units);
      await program.settled();
    },
  };
}

/** The step over the one written by hand. */
export function overHand(rule: Rule, title: string): Row {
  return {
    name: `CNN step, ${title}, batch 60, no dropout / hand-written \`best\``,
    atMost: 1.15,
    measure: async () => {
      const theirs = await handSide(rule, STEPS);
      using program = await cnnStep(rule);
      return await alternate(programSide(program), theirs);
    },
  };
}
