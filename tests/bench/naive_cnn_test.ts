/** The plain loops that the JavaScript target is measured against take the step that we take. */
import { type CnnParameters, naiveCnn } from "../../bench/naive_cnn.ts";
import { digits } from "../../src/data/digits.ts";
import { mnistCnn } from "../../src/nn/models.ts";
import { classification } from "../../src/objective/classification.ts";
import { sgd } from "../../src/optimizer/catalogue/sgd.ts";
import { compile } from "../../src/runtime/compile.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { assertEquals, assertLess } from "../_assert.ts";

const BATCH = 6, STEPS = 2, LEARNING_RATE = 0.05;

Deno.test("naiveCnn() takes the oracle's steps up to the rounding of f32", async () => {
  const { train } = digits({ train: BATCH, test: 1 });
  const x = Float32Array.from(train.images, (byte) => byte / 255);
  const y = Uint32Array.from(train.labels);
  const compiled = compile(
    classification(mnistCnn({ dropout: false }), BATCH),
    sgd({ learningRate: LEARNING_RATE }),
    { backend: "reference", precision: "f64", data: { x, y } },
  );
  using program = getOrThrow(await compiled());
  const flat = await program.flatParameters();
  const { entries } = program.program.arena;
  const parameters = Object.fromEntries(
    entries.map(({ path, offset, size }) => [
      path,
      Float32Array.from(flat.subarray(offset, offset + size)),
    ]),
  ) as unknown as CnnParameters;
  const step = naiveCnn(parameters, BATCH, LEARNING_RATE);
  const losses = Array.from({ length: STEPS }, () => step(x, y));
  program.step(STEPS);
  const wanted = await program.losses();
  losses.forEach((loss, i) => assertLess(Math.abs(loss - wanted[i]!), 1e-5));

  const after = await program.flatParameters();
  assertEquals(Object.keys(parameters).sort(), entries.map(({ path }) => path).sort());
  for (const { path, offset, size } of entries) {
    const theirs = after.subarray(offset, offset + size), before = flat.subarray(offset);
    const moved = Math.max(...theirs.map((value, k) => Math.abs(value - before[k]!)));
    const apart = Math.max(
      ...parameters[path as keyof CnnParameters].map((value, k) => Math.abs(value - theirs[k]!)),
    );
    assertLess(apart, 1e-3 * moved, `${path}: moved by ${moved}, ${apart} apart`);
  }
});
