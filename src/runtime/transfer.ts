/**
 * Moving words between host and device. Every call that can end the process on bad input is
 * checked here first, and becomes a typed error.
 *
 * @module
 */
import { failure } from "../errors.ts";

/** Host memory of 4-byte words. */
export type Words = Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

function checkRange(path: string, buffer: GPUBuffer, word: number, count: number): void {
  const whole = Number.isInteger(word) && Number.isInteger(count) && word >= 0 && count >= 0;
  if (!whole || (word + count) * 4 > buffer.size) {
    throw failure(
      "device",
      path,
      `words ${word} to ${word + count}`,
      `words inside 0 to ${buffer.size / 4}`,
    );
  }
}

/**
 * Writes `count` words of `data` from `from` into `buffer` at `word`. No words is no call: an empty
 * `writeBuffer` and one beyond the data end the process instead of throwing.
 */
export function writeWords(
  device: GPUDevice,
  path: string,
  buffer: GPUBuffer,
  word: number,
  data: Words,
  from = 0,
  count: number = data.length - from,
): void {
  checkRange(path, buffer, word, count);
  if (!Number.isInteger(from) || from < 0 || from + count > data.length) {
    throw failure(
      "device",
      path,
      `words ${from} to ${from + count} of the data`,
      `words inside 0 to ${data.length}`,
    );
  }
  if (count > 0) device.queue.writeBuffer(buffer, word * 4, data, from, count);
}

/** Waits until a staging buffer is readable, copies its first `count` words, and unmaps it. */
export async function takeWords(
  path: string,
  staging: GPUBuffer,
  count: number,
): Promise<Float32Array<ArrayBuffer>> {
  checkRange(path, staging, 0, count);
  // The mapped range must not be asked for before the map has resolved, hence the await first.
  try {
    await staging.mapAsync(GPUMapMode.READ, 0, count * 4);
  } catch (cause) {
    throw failure(
      "device",
      path,
      cause instanceof Error ? cause.message : String(cause),
      "a readable buffer",
    );
  }
  const words = new Float32Array(staging.getMappedRange(0, count * 4).slice(0));
  staging.unmap();
  return words;
}
