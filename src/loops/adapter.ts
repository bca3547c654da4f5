/**
 * What the compiler has to know about the device.
 *
 * @module
 */

/** What a device can do at most; every number is that of the WebGPU limit, or below it. */
export interface DeviceLimits {
  /** Storage buffers a kernel may bind. */
  readonly maxBindings: number;
  /** Bytes a binding may span. */
  readonly maxBindingBytes: number;
  /** Workgroups in one dimension of a dispatch. */
  readonly maxWorkgroups: number;
  /** Uniform buffers a kernel may bind. */
  readonly maxUniforms: number;
  /** Bytes a uniform binding may span. */
  readonly maxUniformBytes: number;
}

/** Words that the offset of a uniform binding is a multiple of, on every device. */
export const WINDOW_WORDS = 64;

/** Limits and the class of costs of an adapter. */
export interface AdapterClass extends DeviceLimits {
  /**
   * `cpu`: a software adapter (fat threads); `gpu`: a real one (many threads); `script`: one core that
   * runs JavaScript.
   */
  readonly kind: "cpu" | "gpu" | "script";
}

/**
 * Turns that all loops of a thread may take together: lavapipe leaves its loops after 65535, without a word.
 * It also keeps kernels short; systems stop one that runs for seconds.
 */
export function mostTurns({ kind }: AdapterClass): number {
  return kind === "script" ? Infinity : 60_000;
}

/** The limits that every WebGPU device has. */
export const DEFAULT_ADAPTER: AdapterClass = {
  kind: "cpu",
  maxBindings: 8,
  maxBindingBytes: 128 * 1024 * 1024,
  maxWorkgroups: 65535,
  maxUniforms: 12,
  maxUniformBytes: 65536,
};
