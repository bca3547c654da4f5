/** How often a step of a plan reads and writes each word of its slots: the kernels of `js` run and are watched. */
import { type Plan, visitCommands } from "../../src/compiler/plan.ts";
import { sizeOf } from "../../src/tensor/node.ts";

/** Reads and writes of a word by the kernels that were asked about. */
export interface Traffic {
  readonly reads: Uint32Array;
  readonly writes: Uint32Array;
}

/** An array that counts what happens to each of its words. */
function watched(array: Float32Array | Uint32Array, { reads, writes }: Traffic): unknown {
  return new Proxy(array, {
    get: (target, key) => {
      const index = Number(key);
      reads[index]! += 1;
      return target[index];
    },
    set: (target, key, value: number) => {
      const index = Number(key);
      writes[index]! += 1;
      target[index] = value;
      return true;
    },
  });
}

/** The buffer that the next values of a slot are written into. */
export function nextBuffer({ swaps, places }: Plan, slot: string): number {
  const { buffer } = places.get(slot)!;
  return swaps.find(([now]) => now === buffer)?.[1] ?? buffer;
}

/** The buffers that a kernel writes. */
export function writtenBy(plan: Plan, kernel: number): ReadonlySet<number> {
  const written = plan.kernels[kernel]!.bindings.filter(({ access }) => access === "write");
  return new Set(written.map(({ buffer }) => buffer));
}

/** The traffic of each slot on the device in one step of a `js` plan, over all kernels or those that `counts` picks. */
export function trafficOf(
  plan: Plan,
  counts: (kernel: number) => boolean = () => true,
): ReadonlyMap<string, Traffic> {
  const words = plan.buffers.map((b) => new Uint32Array(b.words).fill(1));
  const seen = plan.buffers.map((b): Traffic => ({
    reads: new Uint32Array(b.words),
    writes: new Uint32Array(b.words),
  }));
  for (const { commands } of plan.regions) {
    visitCommands(commands, (command) => {
      if (command.kind !== "dispatch") return;
      const { bindings, source } = plan.kernels[command.kernel]!;
      const names = bindings.flatMap((_, i) => [`f${i}`, `u${i}`]);
      const values = bindings.flatMap(({ buffer }) => {
        const both = [new Float32Array(words[buffer]!.buffer), words[buffer]!];
        return counts(command.kernel) ? both.map((a) => watched(a, seen[buffer]!)) : both;
      });
      new Function(...names, source)(...values);
    });
  }
  return new Map(
    [...plan.places].map(([slot, { buffer, offset, shape }]) => {
      const of = (array: Uint32Array) => array.subarray(offset, offset + sizeOf(shape));
      const { reads, writes } = seen[buffer]!;
      return [slot, { reads: of(reads), writes: of(writes) }];
    }),
  );
}
