/**
 * Ratios of what two ways to do the same work take, measured in turns in one run.
 *
 * An absolute time says nothing on a shared machine. The processor time of the process (user and
 * system, all threads) of two sides that take turns repeats to a few percent, and its quartiles say
 * how far that is true.
 */
import process from "node:process";

/** Milliseconds, by both clocks. */
export interface Spent {
  /** User and system time of the process, all threads. */
  readonly cpu: number;
  readonly wall: number;
}

/** A side that runs in this process. */
export interface Side {
  readonly name: string;
  /** Many units queued and one wait: an awaited wait takes 11 ms in Deno, whatever it waits for. */
  readonly run: () => Promise<void>;
  /** How many steps, updates or whatever is compared are in one run. */
  readonly units: number;
}

/** A side that measures itself, since it runs in a process of its own. */
export interface Elsewhere {
  readonly name: string;
  /** One run: what it took, and how many units it was. */
  readonly measure: () => Promise<Spent & { readonly units: number }>;
}

/** What is compared: user and system time of the processes, or the clock on the wall. */
type Clock = "cpu" | "wall";

/** How {@link alternate} compares. */
export interface AlternateOptions {
  /**
   * Turns of one run each; every other pair in the other order.
   *
   * @default 12
   */
  readonly pairs?: number;
  /** @default "cpu" */
  readonly clock?: Clock;
  /**
   * Runs of each side before the first pair, for what is done only once.
   *
   * @default 1
   */
  readonly warmup?: number;
}

/** One run of each, in milliseconds a unit. */
export interface Pair {
  readonly ours: Spent;
  readonly theirs: Spent;
}

/** Ours over theirs. */
export interface Ratio {
  /** The median over pairs. */
  readonly ratio: number;
  /** The first and the third quartile over pairs. */
  readonly low: number;
  readonly high: number;
  /** Milliseconds of a unit by `clock`, medians. */
  readonly ours: number;
  readonly theirs: number;
  readonly clock: Clock;
  readonly pairs: number;
  /** The median over pairs by the clock on the wall, whichever `clock` is. */
  readonly wall: number;
}

/** A row of the table: what one file of this folder exports as `row`. */
export interface Row {
  /** "This / that", as the table says it. */
  readonly name: string;
  readonly atMost: number;
  /** Throws {@link Skipped} where the other side is not there. */
  readonly measure: () => Promise<Ratio>;
}

/** A row that cannot be measured here; the message says why. */
export class Skipped extends Error {}

/** The value that a part of all values lies below, between neighbours in proportion. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = part * (sorted.length - 1), below = Math.floor(at);
  const low = sorted[below]!, high = sorted[Math.ceil(at)]!;
  return low + (at - below) * (high - low);
}

/** What a run of something in this process takes. */
export async function spent(run: () => Promise<void>): Promise<Spent> {
  const before = process.cpuUsage(), start = performance.now();
  await run();
  const wall = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000, wall };
}

/** One run, in milliseconds a unit. */
async function perUnit(side: Side | Elsewhere): Promise<Spent> {
  const { cpu, wall, units } = "measure" in side
    ? await side.measure()
    : { ...await spent(side.run), units: side.units };
  return { cpu: cpu / units, wall: wall / units };
}

/** The figures of pairs that were measured. */
export function ratioOf(pairs: readonly Pair[], clock: Clock): Ratio {
  const ratios = pairs.map(({ ours, theirs }) => ours[clock] / theirs[clock]);
  return {
    ratio: quantile(ratios, 0.5),
    low: quantile(ratios, 0.25),
    high: quantile(ratios, 0.75),
    ours: quantile(pairs.map(({ ours }) => ours[clock]), 0.5),
    theirs: quantile(pairs.map(({ theirs }) => theirs[clock]), 0.5),
    clock,
    pairs: pairs.length,
    wall: quantile(pairs.map(({ ours, theirs }) => ours.wall / theirs.wall), 0.5),
  };
}

/** What two sides take in turns: ours, theirs, theirs, ours, ours, … */
export async function takeTurns(
  ours: Side | Elsewhere,
  theirs: Side | Elsewhere,
  { pairs = 12, warmup = 1 }: AlternateOptions = {},
): Promise<readonly Pair[]> {
  for (let i = 0; i < warmup; i++) {
    await perUnit(ours);
    await perUnit(theirs);
  }
  const found: Pair[] = [];
  for (let i = 0; i < pairs; i++) {
    if (i % 2 === 0) {
      const first = await perUnit(ours);
      found.push({ ours: first, theirs: await perUnit(theirs) });
    } else {
      const first = await perUnit(theirs);
      found.push({ ours: await perUnit(ours), theirs: first });
    }
  }
  return found;
}

/** Compares two sides that take turns. */
export async function alternate(
  ours: Side | Elsewhere,
  theirs: Side | Elsewhere,
  options: AlternateOptions = {},
): Promise<Ratio> {
  return ratioOf(await takeTurns(ours, theirs, options), options.clock ?? "cpu");
}
