/** The CNN step, compiled, against others: the same program in every row that it stands in. */
import type { Parameters } from "../../src/nn/parameters.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import type { Program } from "../../src/runtime/program.ts";
import { ADAM_RULE, cnnStep } from "../_same_work.ts";
import { handSide, type Rule } from "./_hand.ts";
import { alternate, type Row, type Side } from "./_measure.ts";

/** The updates that are compared. */
export const RULES: Readonly<Record<Rule, Optimizer>> = { sgd: sgd(), adam: ADAM_RULE };

/** Steps in a run. */
export const STEPS = 10;

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
      using program = await cnnStep(RULES[rule]);
      return await alternate(programSide(program), theirs);
    },
  };
}
