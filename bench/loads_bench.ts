/**
 * What a load takes, by where it reads: the reason for windows (docs/adr/0047-windows.md). Each form adds
 * the same numbers, so that the difference is the loads.
 */
import * as E from "fp-ts/lib/Either.js";
import { acquireDevice } from "../src/runtime/device.ts";

const THREADS = 16_384, TURNS = 250;
/** Loads of a turn, and vectors that there are: as many as a uniform binding spans. */
const LOADS = 8, VECTORS = 4096;

/** Where the vectors are, and the text of one of them; a word is a component. */
const MEMORIES = {
  storage: { declaration: `@group(0) @binding(1) var<storage, read> v: array<vec4f>;` },
  uniform: { declaration: `@group(0) @binding(1) var<uniform> v: array<vec4f, ${VECTORS}>;` },
} as const;

const TERMS = {
  word: (at: string) => `sum.x += v[(${at}) / 4u][(${at}) % 4u];`,
  vector: (at: string) => `sum += v[${at}];`,
} as const;

function source(declaration: string, term: (at: string) => string): string {
  const terms = Array.from({ length: LOADS }, (_, j) => term(`first + ${j}u`)).join("\n    ");
  return `@group(0) @binding(0) var<storage, read_write> out: array<f32>;
${declaration}
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  var sum = vec4f();
  for (var turn = 0u; turn < ${TURNS}u; turn++) {
    let first = (turn * 17u + id.x * 5u) % ${VECTORS - LOADS}u;
    ${terms}
  }
  out[id.x] = sum.x + sum.y + sum.z + sum.w;
}`;
}

/** Runs a module once over all threads. */
function runOf(device: GPUDevice, code: string): () => Promise<void> {
  const pipeline = device.createComputePipeline({
    layout: "auto",
    compute: { module: device.createShaderModule({ code }) },
  });
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.UNIFORM;
  const entries = [4 * THREADS, 16 * VECTORS].map((size, binding) => ({
    binding,
    resource: { buffer: device.createBuffer({ size, usage }) },
  }));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries });
  return async () => {
    const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(THREADS / 64);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
}

const acquired = await acquireDevice()();
for (const [size, term] of Object.entries(TERMS)) {
  for (const [memory, { declaration }] of Object.entries(MEMORIES)) {
    const run = E.isLeft(acquired)
      ? undefined
      : runOf(acquired.right.device, source(declaration, term));
    Deno.bench({
      name: `${THREADS * TURNS * LOADS / 1e6} million loads of a ${size}, ${memory} buffer`,
      group: size,
      baseline: memory === "storage",
      ignore: run === undefined,
      n: 5,
      warmup: 1,
      fn: () => run?.(),
    });
  }
}
