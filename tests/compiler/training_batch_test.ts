/** A step of the CNN on a batch large enough that a thread goes through several blocks of sums. */
import { assert, assertEquals } from "../_assert.ts";
import { describe } from "../../src/compiler/describe.ts";
import { digits } from "../../src/data/digits.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { ignore } from "../runtime/_device.ts";

const SIZE = 12;

async function stepOn(backend: "webgpu" | "js") {
  const { train } = digits({ train: SIZE, test: 1 });
  const data = { x: Float32Array.from(train.images, (byte) => byte / 255), y: train.labels };
  const objective = classification(mnistCnn(), SIZE);
  using program = getOrThrow(await compile(objective, sgd(), { backend, data, seed: 1 })());
  program.step(1);
  const { kernels } = describe(program)!;
  return {
    sources: kernels.map(({ source }) => source),
    loss: (await program.losses())[0]!,
    parameters: await program.flatParameters(),
  };
}

Deno.test({
  name: "a step of the CNN on 12 images is the same in WGSL and in JavaScript",
  ignore,
  fn: async () => {
    const gpu = await stepOn("webgpu"), js = await stepOn("js");
    assert(Math.abs(gpu.loss - js.loss) < 1e-5, `${gpu.loss} and ${js.loss}`);
    const apart = gpu.parameters.map((x, i) => Math.abs(x - js.parameters[i]!));
    assert(Math.max(...apart) < 1e-6, `parameters ${Math.max(...apart)} apart`);
    // Not every driver makes what is declared in a loop zero again in each round.
    const bare = gpu.sources.flatMap((source) => source.match(/\bvar s\d+: [^=;]*;/g) ?? []);
    assertEquals(bare, []);
  },
});
