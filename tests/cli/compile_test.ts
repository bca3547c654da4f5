import { assert, assertEquals, assertStringIncludes } from "../_assert.ts";
import { events, run } from "./_terminal.ts";

Deno.test("compile shows kernels, regions, buffers, needs and cost", async () => {
  const { status, out, err } = await run(
    ["compile", "--optimizer", "adahessian", "--set", "every=3", "--function", "beale"],
  );
  assertEquals([status, err], [0, ""]);
  for (const word of ["Kernel", "Workgroups", "every 3 steps", "theta", "Hessian".toLowerCase()]) {
    assertStringIncludes(out.toLowerCase(), word.toLowerCase());
  }
  assertStringIncludes(out, "1.633 gradients a step");
  assertStringIncludes(out, "1 × hessianVector, every 3 steps");
});

for (const target of ["wgsl", "js"] as const) {
  Deno.test(`compile gives the ${target} of one kernel, and of all`, async () => {
    const plan = ["compile", "--function", "rosenbrock", "--target", target];
    const lines = events((await run([...plan, "--source", "--json"])).out);
    const kernels = lines.filter(({ event }) => event === "kernel");
    const result = lines.at(-1)!;
    assertEquals([result["event"], result["kernels"]], ["result", kernels.length]);
    assertEquals(result["parameters"], 2);
    const total = lines.filter(({ event }) => event === "buffer")
      .reduce((sum, { bytes }) => sum + Number(bytes), 0);
    assertEquals(result["bytes"], total);
    const source = String(kernels[0]!["source"]).trimEnd();
    assert(source.includes(target === "wgsl" ? "@compute" : "["), source);
    assertEquals((await run([...plan, "--kernel", "0"])).out, source);
    assertEquals((await run([...plan, "--kernel", String(kernels[0]!["label"])])).out, source);
    const all = (await run([...plan, "--source"])).out;
    for (const kernel of kernels) assertStringIncludes(all, String(kernel["source"]).trimEnd());
  });
}

Deno.test("compile plans a model as train would, without the sources unless they are asked for", async () => {
  const { out } = await run(
    ["compile", "--model", "mlp", "--batch-size", "20", "--train-images", "100", "--json"],
  );
  const lines = events(out);
  assert(lines.every((line) => !Object.hasOwn(line, "source")));
  assert(lines.some(({ event, label }) => event === "buffer" && label === "data/x"));
  assertEquals(lines.at(-1)!["parameters"], 784 * 128 + 128 + 1280 + 10);
});

Deno.test("compile refuses what makes no sense", async () => {
  const both = await run(["compile", "--model", "mlp", "--function", "beale"]);
  assertEquals(both.status, 2);
  const kernel = await run(["compile", "--function", "beale", "--kernel", "recordloss"]);
  assertEquals(kernel.status, 2);
  assertStringIncludes(kernel.err, 'did you mean "record/loss"');
  // A run of kernels is found by the first and the last of them.
  const named = await run(["compile", "--function", "beale", "--kernel", "record/loss"]);
  assertEquals(named.status, 0);
  const need = await run(["compile", "--function", "beale", "--start", "1", "--json"]);
  assertEquals(need.status, 2);
  assertEquals(events(need.out).map(({ event, kind }) => [event, kind]), [[
    "error",
    "description",
  ]]);
});
