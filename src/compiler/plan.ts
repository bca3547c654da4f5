/**
 * The plan: what the compiler hands to the runtime. Buffers, kernels and the dispatches of each
 * region; it names no optimizer, no model and no GPU object.
 *
 * @module
 */
import type { DType, Node, Shape } from "../tensor/node.ts";
import type { Arena, Slot } from "../lowering/program.ts";

/** A storage buffer of 4-byte words (f32, u32; bool is stored as u32 0 or 1). */
export interface BufferSpec {
  /** For people and error messages. */
  readonly label: string;
  /** Length in words. */
  readonly words: number;
  /**
   * `device`: lives on the device. `scalars` and `records` are rings of rows: row `step mod rows`
   * is bound at each step through a dynamic offset; `words` is the length of one row.
   */
  readonly kind: "device" | "scalars" | "records";
  /** Words that the buffer holds from the beginning (bits, as u32). */
  readonly initial?: Uint32Array;
  /** Whether dispatches read their numbers of workgroups from it. */
  readonly grids?: true;
}

/** Where a slot (or a piece of one) lies: `[replicas, …shape]` row-major if per replica. */
export interface Place {
  /** Index of the buffer. */
  readonly buffer: number;
  /** In words. */
  readonly offset: number;
}

/** How a kernel uses a buffer. */
export interface Binding {
  /** Index of the buffer. */
  readonly buffer: number;
  /** `write` allows reading too. */
  readonly access: "read" | "write";
  /** What a kernel sees of it where it reads it as a uniform buffer. */
  readonly window?: Window;
}

/** A stretch of a buffer. */
export interface Window {
  /** How long it is. */
  readonly words: number;
  /** Where it begins, by slice of the kernel; one number where that is the same for all. */
  readonly starts: readonly number[];
}

/** One kernel: the binding list is the order of `@binding(i)` in group 0 (and of the js arguments). */
export interface Kernel {
  /** For people and error messages. */
  readonly label: string;
  /** The buffers it uses. */
  readonly bindings: readonly Binding[];
  /** WGSL with entry point `main`, or the body of a JavaScript function; see the target. */
  readonly source: string;
  /** Invocations of a workgroup. */
  readonly workgroupSize: number;
  /**
   * What each of its slices is given (u32), in a uniform buffer after all others: a kernel that has
   * slices is dispatched once for each, with the windows of that slice.
   */
  readonly slices?: readonly (readonly number[])[];
  /** Estimated multiply-adds and words moved by one dispatch, for `describe`. */
  readonly flops: number;
  /** Length in words. */
  readonly words: number;
}

/** One thing the device does. */
export type Command =
  | {
    readonly kind: "dispatch";
    readonly kernel: number;
    /** Of each slice of the kernel. */
    readonly workgroups: readonly [number, number, number];
    /** Three words where the device has written `workgroups`, or zeros if there is nothing to do. */
    readonly grid?: Place;
  }
  | {
    readonly kind: "copy";
    readonly from: Place;
    readonly to: Place;
    readonly words: number;
  }
  | Repeat;

/** Commands that happen again and again. */
export interface Repeat {
  /** Says which command it is. */
  readonly kind: "repeat";
  /** Iterations. */
  readonly times: number;
  /** Commands of one iteration. */
  readonly commands: readonly Command[];
  /** Pairs of buffers that change places after each iteration. */
  readonly swaps: readonly (readonly [number, number])[];
  /** What says that the rest need not happen. */
  readonly active?: Active;
  /** What a host may ask, and then leave the rest out. */
  readonly asks?: Asks;
}

/** A word that is 0 after an iteration if all later ones would change nothing. */
export interface Asks extends Place {
  /** Iterations from one question to the next: they keep the device at work until there is an answer. */
  readonly every: number;
}

/**
 * A word that an iteration sets to 0 when it leaves everything as it is, as all later ones will: they
 * need not happen. Buffers that change places hold the same after such an iteration.
 */
export interface Active extends Place {
  /** How many commands of an iteration have happened when the word is known. */
  readonly after: number;
}

/** What stands where each buffer was, once pairs of them have changed places. */
export function exchanged<A>(
  buffers: readonly A[],
  swaps: readonly (readonly [number, number])[],
): readonly A[] {
  const changed = [...buffers];
  for (const [a, b] of swaps) [changed[a], changed[b]] = [buffers[b]!, buffers[a]!];
  return changed;
}

/** Calls `visit` with every command, and with how often it happens. */
export function visitCommands(
  commands: readonly Command[],
  visit: (command: Exclude<Command, Repeat>, times: number) => void,
  times = 1,
): void {
  for (const command of commands) {
    if (command.kind !== "repeat") visit(command, times);
    else visitCommands(command.commands, visit, times * command.times);
  }
}

/** The commands of a region, in order; encoded at the steps where it fires. */
export interface PlannedRegion {
  /** Steps between two firings. */
  readonly period: number;
  /** Fires at step ≡ offset (mod period). */
  readonly offset: number;
  /** What the device does then. */
  readonly commands: readonly Command[];
}

/**
 * A scalar that depends on hyperparameters, `step`, `seed` and other host scalars alone. The host
 * evaluates it in f64 and writes it into the row of the step.
 */
export interface HostScalar {
  /** f32 or u32 scalar graph over inputs that are hyper, clock or host state slots. */
  readonly node: Node;
  /** Type of the scalar. */
  readonly dtype: DType;
  /** Word of the scalars row; per replica the row holds `replicas` consecutive words. */
  readonly word: number;
  /** Whether every replica has its own value. */
  readonly perReplica: boolean;
}

/** A scalar state slot that only the host keeps (such as the weight that a debiased average has). */
export interface HostState {
  /** Name of the slot. */
  readonly slot: string;
  /** Value at the first step. */
  readonly initial: number;
  /** Its next value at steps where the region fires, in region order. */
  readonly updates: readonly {
    readonly period: number;
    readonly offset: number;
    readonly node: Node;
  }[];
}

/** A compiled step. */
export interface Plan {
  /** The language of the kernels. */
  readonly target: "wgsl" | "js";
  /** Independent copies. */
  readonly replicas: number;
  /** Where the parameters lie in θ. */
  readonly arena: Arena;
  /** The slots of the step program. */
  readonly slots: readonly Slot[];
  /** The buffers. */
  readonly buffers: readonly BufferSpec[];
  /** The kernels. */
  readonly kernels: readonly Kernel[];
  /** The regions, in the order of a step. */
  readonly regions: readonly PlannedRegion[];
  /** Device slots by name: parameters, device state, batch. */
  readonly places: ReadonlyMap<
    string,
    Place & { readonly shape: Shape; readonly perReplica: boolean; readonly dtype: DType }
  >;
  /** Word of the records row, by record slot name (then one word per replica). */
  readonly records: ReadonlyMap<string, number>;
  /**
   * Pairs of buffers that change places after each step: what is next of a slot is written into the second
   * one, so that the first is only read. Slots have their places in the first, and begin there.
   */
  readonly swaps: readonly (readonly [number, number])[];
  /** What the host writes into the row of each step. */
  readonly hostScalars: readonly HostScalar[];
  /** State that the host keeps. */
  readonly hostState: readonly HostState[];
}
