/** Adam from a gradient that is given, against a kernel written by hand that reads and writes the same words. */
import { acquireDevice, type DeviceHandle } from "../../src/runtime/device.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { adamUpdate } from "../_same_work.ts";
import { ADAM, flat } from "../peers/_work.ts";
import { alternate, type Row, type Side } from "./_measure.ts";

/** Invocations of a workgroup, and workgroups in a row of the grid. */
const GROUP = 256, ROW = 32768;

/** One vector of four for each thread: four vectors are read and three written. */
function kernel(size: number): string {
  return `@group(0) @binding(0) var<storage, read_write> theta: array<vec4<f32>>;
@group(0) @binding(1) var<storage, read_write> m: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> v: array<vec4<f32>>;
@group(0) @binding(3) var<storage, read> gradient: array<vec4<f32>>;
struct Scalars { beta1: f32, beta2: f32, weight1: f32, weight2: f32, rate: f32, epsilon: f32 }
@group(0) @binding(4) var<uniform> s: Scalars;
@compute @workgroup_size(${GROUP})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
  let i = id.x + id.y * ${ROW * GROUP}u;
  if (i >= ${Math.ceil(size / 4)}u) { return; }
  let g = gradient[i];
  let a = s.beta1 * m[i] + (1.0 - s.beta1) * g;
  let b = s.beta2 * v[i] + (1.0 - s.beta2) * g * g;
  m[i] = a;
  v[i] = b;
  theta[i] -= s.rate * (a / s.weight1) / (sqrt(b / s.weight2) + s.epsilon);
}`;
}

/** Updates by hand: as many dispatches in one submission, and one wait. */
function handSide({ device }: DeviceHandle, size: number, units: number): Side {
  const module = device.createShaderModule({ code: kernel(size) });
  const compute = { module, entryPoint: "main" };
  const pipeline = device.createComputePipeline({ layout: "auto", compute });
  const { theta, gradient } = flat(size);
  const buffer = (values: Float32Array<ArrayBuffer>, usage: number = GPUBufferUsage.STORAGE) => {
    const made = device.createBuffer({
      size: values.byteLength,
      usage: usage | GPUBufferUsage.COPY_DST,
    });
    device.queue.writeBuffer(made, 0, values);
    return made;
  };
  const zeros = () => new Float32Array(size);
  const { beta1, beta2, rate, epsilon } = ADAM;
  const scalars = Float32Array.of(beta1, beta2, 1 - beta1, 1 - beta2, rate, epsilon, 0, 0);
  const buffers = [
    buffer(Float32Array.from(theta)),
    buffer(zeros()),
    buffer(zeros()),
    buffer(Float32Array.from(gradient)),
    buffer(scalars, GPUBufferUsage.UNIFORM),
  ];
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((one, binding) => ({ binding, resource: { buffer: one } })),
  });
  const groups = Math.ceil(size / 4 / GROUP), x = Math.min(groups, ROW);
  return {
    name: "by hand",
    units,
    run: async () => {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let k = 0; k < units; k++) pass.dispatchWorkgroups(x, Math.ceil(groups / x));
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    },
  };
}

/** The update over the one written by hand. */
export function updateOverHand(size: number, title: string, units: number): Row {
  return {
    name: `Adam on ${title} / hand-written vec4 kernel, the same loads and stores`,
    atMost: 1.1,
    measure: async () => {
      using program = await adamUpdate(size);
      const theirs = handSide(getOrThrow(await acquireDevice()()), size, units);
      const run = async () => {
        program.step(units);
        await program.settled();
      };
      return await alternate({ name: "compiled", units, run }, theirs, { pairs: 20 });
    },
  };
}
