/** What is known of an entry of the catalogue on the CNN: one file an entry, and none of it a time. */
import type { CatalogueEntry, Options } from "../../src/optimizer/catalogue/registry.ts";
import { contentHash } from "../../src/optimizer/content_hash.ts";

/** Batches of this size, this many of them, and a loss over the last of them. */
export const RUN = { batchSize: 60, steps: 300, last: 20, seed: 1 } as const;

/** How a run went. */
export interface Outcome {
  /** The loss of the first batch, before any step. */
  readonly start: number;
  /** The mean loss of the last batches; null where it is no number. */
  readonly end: number | null;
  /** Losses and parameters that are not finite. */
  readonly nonFinite: number;
  /** Gradients a step, as `explain` states them. */
  readonly gradients: number;
  /** Processor time a step in units of that of plain gradient descent, which runs in turns with it. */
  readonly time: number;
  /** Numbers that are remembered from step to step, besides the parameters, in multiples of theirs. */
  readonly state: number;
  /** Dispatches a step, averaged over the periods. */
  readonly dispatches: number;
}

/** An entry on the CNN. */
export interface Result {
  readonly name: string;
  /** Options other than the defaults. */
  readonly settings: Options;
  /** Of the expression that was run, so that another one is run again. */
  readonly hash: string;
  /** What was said of the defaults where they do not fit. */
  readonly refused?: string;
  /** Absent where there are no settings that fit, or where the run ended with `failed`. */
  readonly outcome?: Outcome;
  /** What a run said that did not come to its end. */
  readonly failed?: string;
}

/** The hash of the expression that would be run. */
export function hashOf(entry: CatalogueEntry): string {
  return contentHash(entry.build(entry.network)).full;
}

/** Whether an entry has learned. */
export function halved({ start, end }: Outcome): boolean {
  return end !== null && end <= start / 2;
}

/** Whether a result is what is asked of every entry that fits. */
export function passed({ outcome, failed, refused }: Result): boolean {
  if (failed !== undefined) return false;
  return outcome === undefined ? refused !== undefined : halved(outcome) && outcome.nonFinite === 0;
}
