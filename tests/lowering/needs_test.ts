/** What an objective cannot give is an error with the path of what asked, and nothing else is. */
import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import { lower } from "../../src/lowering/lower.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { type Objective, objective } from "../../src/objective/objective.ts";
import { skipNonFinite } from "../../src/optimizer/wrappers.ts";
import { compile } from "../../src/runtime/compile.ts";
import { softmaxCrossEntropy } from "../../src/nn/losses.ts";
import type { CustomLikelihood } from "../../src/objective/likelihood.ts";
import { categorical } from "../../src/objective/likelihood.ts";
import { u32 } from "../../src/objective/batch.ts";
import * as calculating from "../../src/optimizer/calculating.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { chain } from "../../src/optimizer/combinators.ts";
import { curvature } from "../../src/optimizer/curvature.ts";
import { needs, type Provision } from "../../src/optimizer/needs.ts";
import * as structures from "../../src/optimizer/structure.ts";
import { TELEMETRY_NAMES, telemetryNeeds } from "../../src/optimizer/telemetry.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { AXES, type Combination } from "../../src/taxonomy/product/axes.ts";
import { issuesOf, stageOf } from "../../src/taxonomy/product/verdict.ts";
import { matmul, mean, square } from "../../src/tensor/ops.ts";
import { assert, assertEquals } from "../_assert.ts";
import { EXPRESSIONS } from "../catalogue/_suite.ts";
import { optimizerArbitrary } from "../optimizer/_arbitrary.ts";

/** What an objective may have beyond a loss. */
interface Given {
  readonly likelihood: boolean;
  readonly sample: boolean;
  readonly hessian: boolean;
}

/** Whether each provision can be made of it. */
const PROVIDED: { readonly [P in Provision]: (given: Given) => boolean } = {
  loss: () => true,
  hessianVector: () => true,
  gaussNewtonVector: ({ hessian }) => hessian,
  sampledLabels: ({ sample }) => sample,
  drawnLabels: ({ sample }) => sample,
  perExampleGradients: ({ likelihood }) => likelihood,
  exampleProducts: ({ likelihood }) => likelihood,
  layerFactors: ({ likelihood }) => likelihood,
  gradientElsewhere: () => true,
  lossElsewhere: () => true,
  slopeElsewhere: () => true,
};

const PARAMETERS = { w: [[0.1, -0.2, 0.3], [0.2, 0.1, -0.4]] };
const BATCH = { x: [4, 2], y: u32([4]) } as const;
const softmax = categorical("y");

function withLikelihood({ sample, hessian }: Given): AnyObjective {
  const likelihood: CustomLikelihood = {
    loss: (outputs, { y }) => softmaxCrossEntropy(outputs, y!),
    ...(sample ? { sample: softmax.sample! } : {}),
    ...(hessian ? { hessian: softmax.outputHessian! } : {}),
  };
  const of = objective({
    parameters: PARAMETERS,
    batch: BATCH,
    outputs: ({ w }, { x }) => matmul(x, w),
    likelihood,
  });
  return of as AnyObjective;
}

const loss = objective({
  parameters: PARAMETERS,
  batch: { x: [4, 2] },
  loss: ({ w }, { x }) => mean(square(matmul(x, w))),
}) as AnyObjective;
const noBatch = objective({
  parameters: PARAMETERS,
  loss: ({ w }) => mean(square(w)),
}) as AnyObjective;

const NOTHING: Given = { likelihood: false, sample: false, hessian: false };

/** Every kind of objective, with what it has. */
const OBJECTIVES: readonly (readonly [string, Given, AnyObjective])[] = [
  ["a loss without a batch", NOTHING, noBatch],
  ["a loss of a batch", NOTHING, loss],
  ...[false, true].flatMap((sample) =>
    [false, true].map((hessian) => {
      const given: Given = { likelihood: true, sample, hessian };
      const has = [...(sample ? ["sample"] : []), ...(hessian ? ["hessian"] : [])].join(" and ");
      return [`a likelihood with ${has || "neither"}`, given, withLikelihood(given)] as const;
    })
  ),
];

const EVERYTHING: Given = { likelihood: true, sample: true, hessian: true };
const complete = withLikelihood(EVERYTHING);

/** Whether an objective that has everything refuses, such as for a mask that matches nothing: another matter. */
const wrong = (optimizer: Optimizer) => E.isLeft(lower(complete, optimizer));

const unique = (all: readonly string[]) => [...new Set(all)].sort();

/** What an objective is told that it lacks, by path. */
function lacking(of: AnyObjective, optimizer: Optimizer): readonly string[] {
  const lowered = lower(of, optimizer);
  if (E.isRight(lowered)) return [];
  assertEquals(lowered.left.kind, "need", lowered.left.message);
  return unique(lowered.left.issues.map(({ path }) => path));
}

/** Compares what `lower` says with what the optimizer declares; whether something is lacking. */
function check(of: AnyObjective, given: Given, optimizer: Optimizer): boolean {
  const refused = needs(optimizer).filter(({ what }) => !PROVIDED[what](given));
  assertEquals(lacking(of, optimizer), unique(refused.map(({ path }) => path)));
  return refused.length > 0;
}

/** A stage of every choice for calculating, structure and solver that the language accepts together. */
const STAGES: readonly Optimizer[] = AXES.calculating.flatMap((calculating) =>
  AXES.structure.flatMap((structure) =>
    AXES.solver.flatMap((solver) => {
      const found = AXES.iterative
        .map((iterative): Combination => ({
          length: AXES.length[0]!,
          calculating,
          structure,
          iterative,
          solver,
        }))
        .find((combination) => issuesOf(combination).length === 0);
      return found === undefined ? [] : [stageOf(found)];
    })
  )
);

Deno.test("every way of calculating is in a stage that is checked", () => {
  const found = STAGES.flatMap((it) => it.kind === "curvature" ? [it.calculating.kind] : []);
  assertEquals(unique(found), unique(AXES.calculating.map(([, { kind }]) => kind)));
});

const SOUND = [...STAGES, ...EXPRESSIONS.map(({ optimizer }) => optimizer)]
  .filter((optimizer) => !wrong(optimizer));

for (const [name, given, of] of OBJECTIVES) {
  Deno.test(`lower() tells ${name} what the catalogue and each kind of stage lack there, and nothing else`, () => {
    let refused = 0;
    for (const optimizer of SOUND) refused += check(of, given, optimizer) ? 1 : 0;
    assertEquals(refused > 0, !(given.sample && given.hessian));
  });

  Deno.test(`lower() tells ${name} what any optimizer lacks there, and nothing else`, () => {
    fc.assert(
      fc.property(optimizerArbitrary(), (optimizer) => {
        fc.pre(!wrong(optimizer));
        check(of, given, optimizer);
      }),
      { seed: 17, numRuns: 40 },
    );
  });

  Deno.test(`lower() takes from ${name} what telemetry declares`, () => {
    for (const telemetry of TELEMETRY_NAMES) {
      assert(telemetryNeeds([telemetry]).every(({ what }) => PROVIDED[what](given)));
      assert(E.isRight(lower(of, sgd(), { telemetry: [telemetry] })), telemetry);
    }
  });
}

Deno.test("compile() says the path, what was found and what is wanted of a need in a branch", async () => {
  const fisher = curvature({
    calculating: calculating.fisher({ from: "examples" }),
    structure: structures.diagonal(),
  });
  const optimizer = chain(sgd(), skipNonFinite(chain(fisher, sgd())));
  const compiled = await compile(loss as Objective, optimizer, { backend: "js" })();
  assert(E.isLeft(compiled));
  assertEquals(compiled.left.kind, "need");
  assertEquals(
    compiled.left.message,
    "1/skipNonFinite/0/curvature/calculating: expected outputs and a likelihood, found an objective without a likelihood",
  );
});
