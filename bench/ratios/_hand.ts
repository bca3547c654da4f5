/**
 * The CNN step written by hand, which the limit is taken from. It is no part of this repository: the
 * folder that it lies in is given by `--hand`, and has to hold
 *
 * - `step.ts` with the configurations `best` and `lean`, `init()` and `build(configuration, count of
 *   batches, images, labels, parameters)`, which gives the dispatches of a step for each batch;
 * - `lib.ts` with what runs them: `device`, `encode(dispatches, times)` and `sync()`.
 */
import { pathToFileURL } from "node:url";
import { type Side, Skipped } from "./_measure.ts";

/** What a step is compared by. */
export type Rule = "sgd" | "adam";
/** `best` is the fastest that was found, `lean` takes less to compile. */
type Variant = "best" | "lean";

/** Dispatches of one step; only `encode` looks into them. */
type Dispatches = readonly unknown[];

interface Lib {
  readonly device: GPUDevice;
  readonly encode: (dispatches: Dispatches, times: number) => GPUCommandEncoder;
  readonly sync: () => Promise<undefined>;
}

interface Step extends Readonly<Record<Variant, Readonly<Record<string, unknown>>>> {
  readonly init: () => unknown;
  readonly build: (
    configuration: Readonly<Record<string, unknown>>,
    count: number,
    images: readonly Float32Array[],
    labels: readonly Uint32Array[],
    parameters: unknown,
  ) => { readonly steps: readonly Dispatches[] };
}

/** Images in a batch, pixels of an image, classes. */
const BATCH = 60, PIXELS = 784, CLASSES = 10;

/** As many batches are gone through in turn, so that no step finds its images in a cache. */
const BATCHES = 4;

/** Steps of a submission: none of what a step takes is the submission's. */
const SUBMITTED = 10;

/** The program written by hand. */
interface Hand {
  /** Makes the pipelines of a step. */
  readonly build: () => void;
  /** Queues steps and waits for them. */
  readonly run: (steps: number) => Promise<void>;
}

function batches(): { readonly images: Float32Array[]; readonly labels: Uint32Array[] } {
  const images: Float32Array[] = [], labels: Uint32Array[] = [];
  for (let b = 0; b < BATCHES; b++) {
    images.push(Float32Array.from({ length: BATCH * PIXELS }, () => 2 * Math.random() - 1));
    labels.push(Uint32Array.from({ length: BATCH }, (_, i) => (7 * i + 3 * b) % CLASSES));
  }
  return { images, labels };
}

/** The folder of the program written by hand. */
export function handFolder(): string {
  const folder = Deno.env.get("STEEPEST_HAND");
  if (folder === undefined) throw new Skipped("no step written by hand: --hand DIRECTORY");
  return folder;
}

/** The program written by hand, on a device of its own. */
export async function hand(variant: Variant, rule: Rule): Promise<Hand> {
  const at = (name: string) => pathToFileURL(`${handFolder()}/${name}`).href;
  const lib = await import(at("lib.ts")) as Lib, step = await import(at("step.ts")) as Step;
  const { images, labels } = batches();
  let steps: readonly Dispatches[] = [];
  return {
    build: () => {
      const configuration = { ...step[variant], opt: rule };
      steps = step.build(configuration, BATCHES, images, labels, step.init()).steps;
    },
    run: async (count) => {
      for (let done = 0; done < count; done += SUBMITTED) {
        const some = Array.from(
          { length: Math.min(SUBMITTED, count - done) },
          (_, i) => steps[(done + i) % BATCHES]!,
        );
        lib.device.queue.submit([lib.encode(some.flat(), 1).finish()]);
      }
      await lib.sync();
    },
  };
}

/** Steps written by hand, as a side. */
export async function handSide(rule: Rule, units: number): Promise<Side> {
  const { build, run } = await hand("best", rule);
  build();
  return { name: "by hand", run: () => run(units), units };
}
