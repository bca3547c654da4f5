/** What is added to the step of the CNN by gradient descent, over that step. */
import { mnistCnn } from "../../src/nn/models.ts";
import type { Parameters } from "../../src/nn/parameters.ts";
import { classification } from "../../src/objective/classification.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import type { TelemetryName } from "../../src/optimizer/telemetry.ts";
import type { Optimizer } from "../../src/optimizer/types.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow, type Program } from "../../src/runtime/program.ts";
import { BATCH, batch } from "../peers/_work.ts";
import { programSide } from "./_cnn.ts";
import { alternate, type Row } from "./_measure.ts";

/** What may be added. */
interface Added {
  readonly dropout?: boolean;
  readonly telemetry?: readonly TelemetryName[];
  readonly optimizer?: Optimizer;
}

async function step(
  { dropout = false, telemetry = [], optimizer = sgd() }: Added,
): Promise<Program<Parameters>> {
  const { images, labels } = batch();
  const compiled = await compile(classification(mnistCnn({ dropout }), BATCH), optimizer, {
    backend: "webgpu",
    data: { x: images, y: labels },
    telemetry,
  })();
  return getOrThrow(compiled) as unknown as Program<Parameters>;
}

/** The step with something added over the plain one. */
export function overPlain(title: string, added: Added): Row {
  return {
    name: `CNN step, ${title} added / the plain step`,
    atMost: 1.1,
    measure: async () => {
      using more = await step(added);
      using plain = await step({});
      return await alternate(programSide(more), programSide(plain));
    },
  };
}
