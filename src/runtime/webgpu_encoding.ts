/**
 * Commands of a plan as those of a device.
 *
 * @module
 */
import type { BoundCommand } from "./webgpu_commands.ts";
import type { Question, Questions } from "./webgpu_questions.ts";

/** Dispatches of one submission; systems stop a device that is busy with one for seconds. */
const SUBMIT_DISPATCHES = 4096;

/** Deno ends the process when it is given an empty array of dynamic offsets. */
export function bindGroup(
  pass: GPUComputePassEncoder,
  group: GPUBindGroup,
  offsets: Uint32Array<ArrayBuffer>,
): void {
  if (offsets.length === 0) pass.setBindGroup(0, group);
  else pass.setBindGroup(0, group, offsets, 0, offsets.length);
}

/** Where the rows of a step begin in the rings, in bytes. */
export interface Rows {
  readonly scalars: number;
  readonly records: number;
}

/** Commands on their way. */
export interface Encoding {
  /** Encodes commands, and yields where it has to wait for an answer. */
  encode(commands: readonly BoundCommand[], rows: Rows): Generator<undefined, void>;
  /** Submits all that is encoded. */
  submit(): void;
}

/**
 * An encoding on a device.
 *
 * @param scratch Through which a buffer is copied into itself.
 * @param questions Asks whether loops go on; without them all iterations are encoded.
 */
export function encodingOf(
  device: GPUDevice,
  scratch: GPUBuffer | undefined,
  questions: Questions | undefined,
): Encoding {
  let encoder: GPUCommandEncoder | undefined;
  let pass: GPUComputePassEncoder | undefined;
  let current: GPUComputePipeline | undefined;
  let dispatches = 0;
  const open = (): GPUCommandEncoder => encoder ??= device.createCommandEncoder({ label: "steps" });
  const endPass = () => {
    pass?.end();
    pass = current = undefined;
  };
  const submit = (): void => {
    endPass();
    device.queue.submit(encoder === undefined ? [] : [encoder.finish()]);
    encoder = undefined;
    dispatches = 0;
  };
  function* repeat(
    { times, bodies, asks }: BoundCommand & { kind: "repeat" },
    rows: Rows,
  ): Generator<undefined, void> {
    let asked: Question | undefined;
    for (let t = 1; t <= times; t++) {
      yield* encode(bodies[(t - 1) % bodies.length]!, rows);
      if (questions === undefined || asks === undefined) continue;
      if (t % asks.every !== 0 || t + asks.every > times) continue;
      endPass();
      const sent = questions.ask(open(), asks.buffer, asks.bytes);
      submit();
      const next = sent();
      // Meanwhile the device is at the iterations since then.
      while (asked !== undefined && asked.goesOn === undefined) yield;
      if (asked?.goesOn === false) return;
      asked = next;
    }
  }
  function* encode(
    commands: readonly BoundCommand[],
    rows: Rows,
  ): Generator<undefined, void> {
    for (const command of commands) {
      if (command.kind === "repeat") {
        yield* repeat(command, rows);
        continue;
      }
      if (command.kind === "copy") {
        endPass();
        const { from, fromBytes, to, toBytes, bytes } = command;
        if (from !== to) open().copyBufferToBuffer(from, fromBytes, to, toBytes, bytes);
        else {
          open().copyBufferToBuffer(from, fromBytes, scratch!, 0, bytes);
          open().copyBufferToBuffer(scratch!, 0, to, toBytes, bytes);
        }
        continue;
      }
      if (dispatches >= SUBMIT_DISPATCHES) submit();
      const { pipeline, groups, rings, offsets } = command.bound;
      dispatches += groups.length;
      pass ??= open().beginComputePass();
      if (pipeline.pipeline !== current) pass.setPipeline(current = pipeline.pipeline);
      for (let d = 0; d < rings.length; d++) offsets[d] = rows[rings[d]!];
      const { grid, workgroups: [x, y, z] } = command;
      for (const group of groups) {
        bindGroup(pass, group, offsets);
        if (grid === undefined) pass.dispatchWorkgroups(x, y, z);
        else pass.dispatchWorkgroupsIndirect(grid.buffer, grid.bytes);
      }
    }
  }
  return { encode, submit };
}
