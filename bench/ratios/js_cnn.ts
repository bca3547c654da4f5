/** The CNN step on the target `js` over plain loops in the same language. */
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { type CnnParameters, naiveCnn } from "../naive_cnn.ts";
import { alternate, type Row } from "./_measure.ts";

const BATCH = 60, STEPS = 5, LEARNING_RATE = 0.01;

export const row: Row = {
  name: "js target, CNN step, SGD, batch 60, no dropout / plain loops in JavaScript",
  atMost: 1,
  measure: async () => {
    const x = Float32Array.from({ length: BATCH * 784 }, (_, i) => Math.sin(i * i) ** 2);
    const y = Uint32Array.from({ length: BATCH }, (_, i) => (7 * i) % 10);
    const compiled = compile(
      classification(mnistCnn({ dropout: false }), BATCH),
      sgd({ learningRate: LEARNING_RATE }),
      { backend: "js", data: { x, y } },
    );
    using program = getOrThrow(await compiled());
    const flat = Float32Array.from(await program.flatParameters());
    const parameters = Object.fromEntries(
      program.program.arena.entries.map((e) => [e.path, flat.slice(e.offset, e.offset + e.size)]),
    ) as unknown as CnnParameters;
    const step = naiveCnn(parameters, BATCH, LEARNING_RATE);
    const ours = {
      name: "compiled",
      units: STEPS,
      run: async () => {
        program.step(STEPS);
        await program.settled();
      },
    };
    const theirs = {
      name: "plain loops",
      units: STEPS,
      run: () => {
        for (let k = 0; k < STEPS; k++) step(x, y);
        return Promise.resolve();
      },
    };
    // Engines optimise while a function runs: a few runs before the first that counts.
    return await alternate(ours, theirs, { warmup: 4 });
  },
};
