/**
 * Runs a plan on a WebGPU device: steps are queued in chunks, nothing waits for the device but
 * `settled`, the reading verbs and loops that ask whether they go on, and a step creates no GPU object apart
 * from its share of a command encoder.
 *
 * @module
 */
import type { Plan } from "../compiler/plan.ts";
import { failure } from "../errors.ts";
import { fires } from "../lowering/program.ts";
import { sizeOf } from "../tensor/node.ts";
import { type CompileMeter, compileMeter } from "./compile_progress.ts";
import type { DeviceHandle } from "./device.ts";
import type { Executor } from "./executor.ts";
import { slotsAfter } from "./hyper_table.ts";
import { hostRow } from "./host_row.ts";
import { fitValues, initialValues, type Overrides } from "./initial.ts";
import { warmUp } from "./pipelines.ts";
import { recordStore } from "./record_store.ts";
import { takeWords, writeWords } from "./transfer.ts";
import { bindGroup, encodingOf } from "./webgpu_encoding.ts";
import { CHUNK_STEPS, type CommonBuffers, deviceMemory } from "./webgpu_memory.ts";
import { loopQuestions } from "./webgpu_questions.ts";
import { recordDrain } from "./webgpu_records.ts";

/** Something to do in order: steps, or an action that says whether it could be done now. */
type Job = { steps: number } | (() => boolean);

/**
 * An executor of a `wgsl` plan. It retains the device handle until it is disposed. Executors of one plan
 * may have buffers in `common`.
 * Rejects with `limit`, `shader` or `device` errors.
 */
export async function webgpuExecutor(
  handle: DeviceHandle,
  plan: Plan,
  overrides: Overrides = new Map(),
  common?: CommonBuffers,
  meter: CompileMeter = compileMeter(undefined),
): Promise<Executor> {
  const { device } = handle;
  const initial = initialValues(plan.slots, plan.replicas, overrides, "f32");
  const host = hostRow(plan, initial);
  /** The slots of the host when everything queued is done. */
  let hostSlots: ReadonlySet<string> = new Set(host.slots);
  const memory = await deviceMemory(handle, plan, meter, common);
  handle.retain();

  const scalars = plan.buffers.findIndex((b) => b.kind === "scalars");
  const records = plan.buffers.findIndex((b) => b.kind === "records");
  const scalarStride = scalars < 0 ? 0 : memory.strides[scalars]!;
  const recordStride = records < 0 ? 0 : memory.strides[records]!;
  const rowFloats = new Float32Array(CHUNK_STEPS * scalarStride);
  const rowWords = new Uint32Array(rowFloats.buffer);
  const store = recordStore(plan, records < 0 ? 0 : plan.buffers[records]!.words);

  const jobs: Job[] = [];
  let asked = 0;
  let encoded = 0;
  /** How the buffers stand after the steps encoded so far, of which `encoded` is not the number: see `seek`. */
  let turn = 0;
  const order = () => memory.bound.orders[turn]!;
  let disposed = false;
  let broken: unknown;
  let pumping = false;

  const drain = records < 0 ? undefined : recordDrain(
    device,
    memory.buffers[records]!,
    recordStride,
    memory.recordRows,
    store,
    (error) => {
      if (disposed) return;
      broken ??= error;
      pump();
    },
  );

  const check = () => {
    if (disposed) throw failure("device", "program", "a disposed program", "a program in use");
    broken ??= handle.takeErrors();
    if (broken !== undefined) throw broken;
  };

  const questions = common === undefined
    ? loopQuestions(device, (error) => {
      if (disposed) return;
      broken ??= error;
      pump();
    })
    : undefined;

  /** Encodes so many steps, and yields where it has to wait for an answer. */
  function* encodeChunk(n: number): Generator<undefined, void> {
    for (let i = 0; i < n; i++) host.advance(encoded + i, rowFloats, rowWords, i * scalarStride);
    if (scalars >= 0) {
      writeWords(device, "scalars", memory.buffers[scalars]!, 0, rowFloats, 0, n * scalarStride);
    }
    const encoding = encodingOf(device, memory.scratch, questions);
    for (let i = 0; i < n; i++) {
      const step = encoded + i;
      const rows = {
        scalars: 4 * i * scalarStride,
        records: 4 * (step % memory.recordRows) * recordStride,
      };
      for (const [k, region] of plan.regions.entries()) {
        if (fires(region, step)) yield* encoding.encode(order().regions[k]!, rows);
      }
      turn = (turn + 1) % memory.bound.orders.length;
    }
    encoding.submit();
    encoded += n;
  }

  /** Steps that wait for an answer: nothing else happens before they are submitted. */
  let chunk: Generator<undefined, void> | undefined;

  /** Does what can be done now; continues when a staging buffer is free again, or an answer there. */
  function pump(): void {
    if (pumping) return;
    pumping = true;
    try {
      while (broken === undefined) {
        if (chunk !== undefined) {
          if (!chunk.next().done) return;
          chunk = undefined;
        }
        const job = jobs[0];
        if (job === undefined) return;
        if (typeof job === "function") {
          if (!job()) return;
          jobs.shift();
          continue;
        }
        const room = drain?.room(encoded) ?? CHUNK_STEPS;
        if (room === 0) {
          if (!drain!.drain(encoded)) return;
          continue;
        }
        const n = Math.min(job.steps, CHUNK_STEPS, room);
        chunk = encodeChunk(n);
        job.steps -= n;
        if (job.steps === 0) jobs.shift();
      }
    } catch (error) {
      broken = error;
    } finally {
      pumping = false;
      if (broken !== undefined) {
        chunk = undefined;
        // Actions that wait for their turn learn of the failure and settle.
        for (const job of jobs.splice(0)) if (typeof job === "function") job();
      }
    }
  }

  /** Runs `action` after everything queued so far. */
  const inTurn = <A>(action: () => Promise<A> | undefined): Promise<A> =>
    new Promise<A>((resolve, reject) => {
      jobs.push(() => {
        try {
          check();
          const result = action();
          if (result === undefined) return false;
          result.then(resolve, reject);
        } catch (error) {
          reject(error);
        }
        return true;
      });
      pump();
    });

  const placeOf = (slot: string) => {
    const place = plan.places.get(slot);
    if (place === undefined) {
      throw failure("data", slot, "no such slot", [...plan.places.keys()].join(", "));
    }
    const size = sizeOf(place.shape);
    return { place, size, copies: place.perReplica ? plan.replicas : 1 };
  };

  const write = (slot: string, values: ArrayLike<number>): () => void => {
    if (hostSlots.has(slot)) {
      const fitted = fitValues(slot, values, 1, plan.replicas).slice();
      return () => host.set(slot, fitted);
    }
    const { place, size, copies } = placeOf(slot);
    const fitted = fitValues(slot, values, size, copies);
    const words = place.dtype === "f32" ? new Float32Array(fitted) : new Uint32Array(fitted);
    return () => {
      writeWords(device, slot, order().buffers[place.buffer]!, place.offset, words);
      // Written data stays in staging memory until something is submitted.
      if (words.length > 1 << 16) device.queue.submit([]);
    };
  };

  const read = async (slot: string): Promise<Float64Array> => {
    const { place, size, copies } = placeOf(slot);
    const words = size * copies;
    const staging = device.createBuffer({
      label: `read ${slot}`,
      size: words * 4,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      const encoder = device.createCommandEncoder({ label: `read ${slot}` });
      const source = order().buffers[place.buffer]!;
      encoder.copyBufferToBuffer(source, place.offset * 4, staging, 0, words * 4);
      device.queue.submit([encoder.finish()]);
      const data = await takeWords(slot, staging, words);
      return Float64Array.from(place.dtype === "f32" ? data : new Uint32Array(data.buffer));
    } finally {
      staging.destroy();
    }
  };

  try {
    for (const [slot, place] of plan.places) {
      const values = initial.get(slot);
      if (values !== undefined && !memory.borrowed(place.buffer)) {
        write(slot, place.perReplica ? values : values.subarray(0, sizeOf(place.shape)))();
      }
    }
    const encoder = device.createCommandEncoder({ label: "clear" });
    // wgpu takes rows that were only written through a dynamic offset for uninitialised memory, and
    // would zero them when they are first copied.
    if (records >= 0) encoder.clearBuffer(memory.buffers[records]!);
    device.queue.submit([encoder.finish()]);
    const kernels = memory.bound.kernels.map(({ pipeline, groups, offsets }) => ({
      pipeline,
      bind: (pass: GPUComputePassEncoder) => bindGroup(pass, groups[0]!, offsets),
    }));
    await warmUp(device, kernels, (done, total) => meter("driver", done, total));
  } catch (error) {
    memory.destroy();
    drain?.destroy();
    handle.release();
    throw error;
  }

  const kept = plan.slots.filter((s) => s.role === "parameters" || s.role === "state")
    .map((s) => s.name).filter((name) => plan.places.has(name));
  const flush = (): Promise<void> =>
    inTurn(() => {
      if (drain !== undefined && !drain.drain(encoded)) return undefined;
      return drain?.arrived() ?? Promise.resolve();
    });
  return {
    backend: "webgpu",
    replicas: plan.replicas,
    get steps() {
      return asked;
    },
    get slots() {
      return [...kept, ...hostSlots];
    },
    step(n) {
      check();
      if (n <= 0) return;
      asked += n;
      jobs.push({ steps: n });
      pump();
      check();
    },
    async settled() {
      await flush();
      await device.queue.onSubmittedWorkDone();
      check();
    },
    write(slot, values) {
      check();
      const action = write(slot, values);
      jobs.push(() => {
        if (broken === undefined) action();
        return true;
      });
      pump();
    },
    define(slot, definition) {
      check();
      hostSlots = slotsAfter(hostSlots, slot, definition);
      jobs.push(() => {
        host.define(slot, definition);
        return true;
      });
      pump();
    },
    read: (slot) => inTurn(() => host.has(slot) ? Promise.resolve(host.get(slot)) : read(slot)),
    async records(from, to) {
      await flush();
      check();
      return store.rows(from, to);
    },
    seek(step) {
      check();
      asked = step;
      jobs.push(() => {
        if (drain !== undefined && !drain.drain(encoded)) return false;
        encoded = step;
        drain?.reset(step);
        return true;
      });
      void inTurn(() => (drain?.arrived() ?? Promise.resolve()).then(() => store.reset(step)))
        .catch((error) => broken ??= error);
    },
    cancel() {
      for (let i = jobs.length - 1; i >= 0; i--) {
        const job = jobs[i]!;
        if (typeof job === "function") continue;
        asked -= job.steps;
        jobs.splice(i, 1);
      }
    },
    dispose() {
      if (disposed) return;
      disposed = true;
      for (const job of jobs.splice(0)) if (typeof job === "function") job();
      memory.destroy();
      drain?.destroy();
      questions?.destroy();
      handle.release();
    },
  };
}
