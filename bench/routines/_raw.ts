/** Kernels written by hand, on a device: what compiled routines are held against. */

/** A kernel of one storage binding a buffer, the written one last. */
export interface RawKernel {
  /** Binding names in order. */
  readonly bindings: readonly { readonly name: string; readonly type: string }[];
  /** Statements of an invocation; its index is `i`, and it is below `threads`. */
  readonly body: string;
  readonly threads: number;
}

/** A kernel with its buffers. */
export interface Dispatch {
  readonly kernel: RawKernel;
  readonly buffers: readonly GPUBuffer[];
}

const GROUP = 64;

function source({ bindings, body, threads }: RawKernel): string {
  const last = bindings.length - 1;
  const declared = bindings.map(({ name, type }, k) => {
    const access = k === last ? "read_write" : "read";
    return `@group(0) @binding(${k}) var<storage, ${access}> ${name}: array<${type}>;`;
  });
  return `${declared.join("\n")}
@compute @workgroup_size(${GROUP}) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x;
  if (i >= ${threads}u) { return; }
  ${body}
}`;
}

/** A buffer that kernels read and write, with what is in it at first. */
export function bufferOf(
  device: GPUDevice,
  values: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> | number,
): GPUBuffer {
  const size = typeof values === "number" ? 4 * values : values.byteLength;
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size, usage });
  if (typeof values !== "number") device.queue.writeBuffer(buffer, 0, values);
  return buffer;
}

/** Queues all dispatches in order so many times, and waits once. */
export function runner(
  device: GPUDevice,
  dispatches: readonly Dispatch[],
): (times: number) => Promise<void> {
  const pipelines = new Map<RawKernel, GPUComputePipeline>();
  const bound = dispatches.map(({ kernel, buffers }) => {
    const pipeline = pipelines.get(kernel) ?? device.createComputePipeline({
      layout: "auto",
      compute: { module: device.createShaderModule({ code: source(kernel) }) },
    });
    pipelines.set(kernel, pipeline);
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    });
    return { pipeline, group, groups: Math.ceil(kernel.threads / GROUP) };
  });
  return async (times) => {
    const encoder = device.createCommandEncoder(), pass = encoder.beginComputePass();
    for (let t = 0; t < times; t++) {
      for (const { pipeline, group, groups } of bound) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(groups);
      }
    }
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
  };
}

/** A copy that reads and writes so many bytes together, four words an invocation. */
export function copyOf(bytes: number): RawKernel {
  return {
    bindings: [{ name: "from_", type: "vec4<f32>" }, { name: "to", type: "vec4<f32>" }],
    body: "to[i] = from_[i];",
    threads: Math.max(1, Math.ceil(bytes / 32)),
  };
}

/** Accumulators of an invocation of {@link multiplyAdds}, as many as hide how long one takes. */
const SUMS = 8;
const TURNS = 256;

/** So many multiply-adds in registers, two floating-point operations each. */
export function multiplyAdds(flops: number): RawKernel {
  const all = Array.from({ length: SUMS }, (_, k) => k);
  const first = all.map((k) => `var s${k} = x * ${k + 1}.0;`).join(" ");
  const turn = all.map((k) => `s${k} = s${k} * x + 1.0;`).join(" ");
  return {
    bindings: [{ name: "to", type: "f32" }],
    body: `let x = f32(i % 7u) * 0.1; ${first}
  for (var t = 0u; t < ${TURNS}u; t++) { ${turn} }
  to[i] = ${all.map((k) => `s${k}`).join(" + ")};`,
    threads: Math.max(1, Math.ceil(flops / (2 * SUMS * TURNS))),
  };
}
