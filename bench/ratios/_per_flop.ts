/** Time for each multiply-add of one network over another's. */
import { classification } from "../../src/objective/classification.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow, type Program } from "../../src/runtime/program.ts";
import { alternate, type Row, type Side } from "./_measure.ts";
import { modelOf, multiplyAdds, type Network, REFERENCE } from "./_networks.ts";

const PIXELS = 784, CLASSES = 10;

/** Multiply-adds of one run: half a second on two slow cores. */
const RUN = 2e9;

/** A training step of the network on one batch that lies on the device. */
async function programOf(
  network: Network,
  backend: "webgpu" | "js",
): Promise<Disposable & Pick<Program<never>, "step" | "settled">> {
  const { batch } = network;
  return getOrThrow(
    await compile(classification(modelOf(network), batch), sgd(), {
      backend,
      data: {
        x: Float32Array.from({ length: batch * PIXELS }, (_, i) => Math.sin(i * i)),
        y: Uint32Array.from({ length: batch }, (_, i) => (7 * i) % CLASSES),
      },
    })(),
  );
}

function side(
  name: string,
  network: Network,
  program: Pick<Program<never>, "step" | "settled">,
): Side {
  const each = multiplyAdds(network), steps = Math.max(1, Math.round(RUN / each));
  return {
    name,
    units: steps * each / 1e6,
    run: async () => {
      program.step(steps);
      await program.settled();
    },
  };
}

/** A row: SGD on the network over SGD on the CNN, each by its own arithmetic. */
export function perFlop(
  name: string,
  network: Network,
  atMost: number,
  backend: "webgpu" | "js" = "webgpu",
): Row {
  return {
    name: `${backend === "js" ? "js target, " : ""}time per FLOP, ${name} / the CNN's`,
    atMost,
    measure: async () => {
      using ours = await programOf(network, backend);
      using theirs = await programOf(REFERENCE, backend);
      return await alternate(side(name, network, ours), side("the CNN", REFERENCE, theirs));
    },
  };
}
