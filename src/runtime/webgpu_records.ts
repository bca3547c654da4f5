/**
 * Brings records from the ring on the device to the host, a block at a time and never awaited by a
 * step.
 *
 * @module
 */
import type { RecordStore } from "./record_store.ts";
import { takeWords } from "./transfer.ts";

/** Staging buffers: blocks that may be on their way at a time. */
const STAGING = 4;

/** Copies blocks of the ring to the host. */
export interface RecordDrain {
  /** Rows that may still be written before a block has to leave. */
  room(encoded: number): number;
  /** Sends the rows up to `encoded` on their way; `false` if all staging buffers are in use. */
  drain(encoded: number): boolean;
  /** Resolves when every block on its way has arrived. */
  arrived(): Promise<void>;
  reset(step: number): void;
  destroy(): void;
}

/**
 * A drain of `ring`, whose `ringRows` rows are `stride` words apart; half of them make a block.
 * `onFree` is called after each arrival.
 */
export function recordDrain(
  device: GPUDevice,
  ring: GPUBuffer,
  stride: number,
  ringRows: number,
  store: RecordStore,
  onFree: (error?: unknown) => void,
): RecordDrain {
  const blockRows = ringRows / 2;
  const free = Array.from({ length: STAGING }, (_, i) =>
    device.createBuffer({
      label: `records to host ${i}`,
      size: blockRows * stride * 4,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    }));
  const all = [...free];
  let copied = 0;
  // Blocks are appended in the order in which they left, whatever the order of arrival.
  let last: Promise<void> = Promise.resolve();
  return {
    room: (encoded) => blockRows - (encoded - copied),
    drain(encoded) {
      const rows = encoded - copied;
      if (rows === 0) return true;
      const staging = free.pop();
      if (staging === undefined) return false;
      const start = copied % ringRows;
      const head = Math.min(rows, ringRows - start);
      const bytes = stride * 4;
      const encoder = device.createCommandEncoder({ label: "records" });
      encoder.copyBufferToBuffer(ring, start * bytes, staging, 0, head * bytes);
      if (rows > head) {
        encoder.copyBufferToBuffer(ring, 0, staging, head * bytes, (rows - head) * bytes);
      }
      device.queue.submit([encoder.finish()]);
      copied = encoded;
      const taken = takeWords("records", staging, rows * stride);
      // Should an earlier block fail, this one is never awaited, and its own failure says no more.
      taken.catch(() => {});
      const before = last;
      last = (async () => {
        await before;
        store.append(await taken, rows, stride);
        free.push(staging);
      })();
      last.then(() => onFree(), onFree);
      return true;
    },
    arrived: () => last,
    reset(step) {
      copied = step;
    },
    destroy() {
      for (const staging of all) staging.destroy();
    },
  };
}
