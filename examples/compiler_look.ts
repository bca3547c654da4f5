/** What the compiler makes of an optimizer and a model: kernels, dispatches, bytes, source. */
import { adam, classification, compile, describe, getOrThrow, mlp } from "@steepest/steepest";

const model = mlp({ input: 8, hidden: [16], classes: 3 });
const data = {
  x: Float32Array.from({ length: 32 * 8 }, (_, i) => Math.cos(i)),
  y: Uint32Array.from({ length: 32 }, (_, i) => i % 3),
};
using program = getOrThrow(await compile(classification(model, 32), adam(), { data })());
const description = describe(program);
if (description !== undefined) {
  const { target, kernels, dispatchesPerStep, bytes } = description;
  console.log(`${target}: ${dispatchesPerStep} dispatches a step, ${bytes} bytes on the device`);
  for (const { label, flops, source } of kernels) {
    console.log(`  ${label}: ${flops} multiply-adds, ${source.length} characters of source`);
  }
  console.log(kernels.at(-1)?.source);
}
program.step(100);
await program.settled();
console.log(`loss ${(await program.losses()).at(-1)}`);
