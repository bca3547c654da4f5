/**
 * What loads, arithmetic and threads cost, for each class of adapters.
 *
 * @module
 */
import type { AdapterClass } from "../src/loops/adapter.ts";

/** What operations cost on a class of adapters. */
export interface Costs {
  readonly load: number;
  readonly vectorLoad: number;
  readonly store: number;
  readonly vectorStore: number;
  readonly arithmetic: (accumulators: number) => number;
  readonly thread: number;
  readonly lanes: number;
  /** Groups of lanes that run at once. */
  readonly width: number;
  /** Groups of lanes of one workgroup that run at once. */
  readonly workgroupWidth: number;
  readonly accumulators: number;
  /** Whether boxes may reach beyond the edge of what is computed, where nothing is stored. */
  readonly edges: boolean;
  /** Multiply-adds of one loop body, at most. */
  readonly bodyArithmetic: number;
  /** What a load or store that is spelled out costs: compiling it takes milliseconds, shared by the steps of a run. */
  readonly site: number;
  /** Loads and stores up to which that is so … */
  readonly sites: number;
  /** … and what each one more costs. */
  readonly crowded: number;
  /**
   * Moving an element of a box into an array and out again, and what compiling that costs in loads and
   * stores; absent where boxes are stored at once.
   */
  readonly register?: { readonly move: number; readonly sites: number };
  /**
   * What is read through uniform buffers, where those are faster than storage buffers, and what each
   * slice of a kernel takes by itself.
   */
  readonly uniform?: {
    readonly load: number;
    readonly vectorLoad: number;
    readonly slice: number;
  };
  /** Workgroup memory, where it is faster than a buffer. */
  readonly shared?: {
    /** Reading a word, and waiting for the workgroup. */
    readonly load: number;
    readonly barrier: number;
    /** Multiply-adds from which filling it is worth it. */
    readonly least: number;
    /** Threads along rows and columns, and elements of each thread along them. */
    readonly tiles: readonly {
      readonly threads: readonly [number, number];
      readonly sizes: readonly [number, number];
      readonly depth: number;
    }[];
  };
}

/** The figures of each class. */
export const COSTS: { readonly [K in AdapterClass["kind"]]: Costs } = {
  cpu: {
    load: 75,
    vectorLoad: 220,
    store: 6.1,
    vectorStore: 15,
    arithmetic: (n) => n <= 24 ? 0.32 : n <= 96 ? 0.38 : 0.42,
    thread: 40,
    lanes: 8,
    width: 2,
    workgroupWidth: 1,
    accumulators: 128,
    edges: true,
    bodyArithmetic: 1000,
    site: 500,
    sites: 90,
    crowded: 30_000,
    register: { move: 3.6, sites: 0.8 },
    uniform: { load: 3, vectorLoad: 6.5, slice: 12_000 },
  },
  gpu: {
    // Neighbouring threads begin rows of their own: a load is many transactions.
    load: 6,
    vectorLoad: 20,
    store: 4,
    vectorStore: 6,
    arithmetic: (n) => n <= 32 ? 1 : n <= 64 ? 1.3 : 3,
    thread: 20,
    lanes: 32,
    width: 256,
    workgroupWidth: 16,
    accumulators: 64,
    edges: true,
    bodyArithmetic: 2000,
    site: 0,
    sites: 100,
    crowded: 3000,
    shared: {
      load: 2,
      barrier: 40,
      least: 512 ** 3,
      tiles: [
        { threads: [16, 16], sizes: [4, 4], depth: 16 },
        { threads: [8, 8], sizes: [8, 8], depth: 8 },
      ],
    },
  },
  // Engines stop optimising functions that grow long, and have sixteen registers. One load from beyond
  // an array makes all later ones of the same place in the source slow.
  script: {
    load: 1,
    vectorLoad: 4,
    store: 6,
    vectorStore: 24,
    arithmetic: (n) => n <= 12 ? 0.6 : n <= 20 ? 0.9 : 2,
    thread: 4,
    lanes: 1,
    width: 1,
    workgroupWidth: 1,
    accumulators: 16,
    edges: false,
    bodyArithmetic: 60,
    site: 0,
    sites: 80,
    crowded: 1000,
  },
};
