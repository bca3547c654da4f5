/** No kernel is large: drivers take milliseconds for each load of a text, and stop optimising what is long. */
import { family, largeKernels, on, paperNetwork, planOf, rosenbrock } from "../../bench/sizes.ts";
import { isLong, loadsIn } from "../../src/compiler/kernel_size.ts";
import type { Plan } from "../../src/compiler/plan.ts";
import { WINDOW_WORDS } from "../../src/loops/adapter.ts";
import type { AnyObjective } from "../../src/lowering/problem.ts";
import { mlp } from "../../src/nn/models.ts";
import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { assert, assertEquals } from "../_assert.ts";

const SMALL: Readonly<Record<string, AnyObjective>> = {
  Rosenbrock: rosenbrock,
  "softmax regression": on(mlp({ input: 12, classes: 4 }), 16),
  "dense layers": on(mlp({ input: [4, 4], hidden: [6, 5], classes: 4, activation: "gelu" }), 16),
};

/** Optimizers that together ask for everything: gradients, products, samples, factors, bases. */
const COVERING = [
  "sgd",
  "adam",
  "nasgd",
  "naturalGradient",
  "sophia",
  "kfac",
  "shampoo",
  "soap",
  "ogr",
  "muon",
] as const;

/** Windows that do not lie in their buffers, which are padded to whole windows' steps. */
function strayWindows({ kernels, buffers }: Plan): readonly string[] {
  return kernels.flatMap(({ label, bindings }) =>
    bindings.flatMap(({ buffer, window }) => {
      const words = WINDOW_WORDS * Math.ceil(buffers[buffer]!.words / WINDOW_WORDS);
      const { starts, words: span } = window ?? { starts: [], words: 0 };
      return starts.filter((start) => !(start >= 0 && (start === 0 || start + span <= words)))
        .map((start) => `${label} at ${start}`);
    })
  );
}

Deno.test("loadsIn() counts what is read, not what is written", () => {
  assertEquals(loadsIn("let t = b0[i] + b1[b0[2u]].x;\nb2[t] = t;\nb2[t + 1u] = b0[t];"), 4);
});

Deno.test("isLong() tells many characters and many loads", () => {
  assert(!isLong("let t = b0[i];\n".repeat(100)));
  assert(isLong("let t = b0[i];\n".repeat(101)));
  assert(isLong(" ".repeat(20_001)));
});

for (const [title, problem] of Object.entries(SMALL)) {
  Deno.test(`compilePlan() makes no large kernel of any entry on ${title}`, () => {
    for (const { name } of Object.values(catalogue)) {
      const plan = planOf(problem, name, {});
      if (plan !== undefined) assertEquals(largeKernels(plan), [], `${name} on ${title}`);
    }
  });
}

Deno.test("compilePlan() makes no large kernel of the paper's network", () => {
  const problem = paperNetwork();
  for (const name of COVERING) {
    const plan = planOf(problem, name, catalogue[name]!.network);
    assert(plan !== undefined, name);
    assertEquals(largeKernels(plan), [], `${name} on the paper's network`);
    assertEquals(strayWindows(plan), [], `${name} on the paper's network`);
  }
});

Deno.test("compilePlan() makes no large kernel of other networks", () => {
  for (const [title, problem] of Object.entries(family())) {
    const plan = planOf(problem, "sgd", {});
    assert(plan !== undefined, title);
    assertEquals(largeKernels(plan), [], `sgd on ${title}`);
    assertEquals(strayWindows(plan), [], `sgd on ${title}`);
  }
});
