import { assertEquals, assertThrows } from "../_assert.ts";
import { shareBuffers, type Sharer, type Touches } from "../../src/compiler/memory.ts";
import { SteepestError } from "../../src/errors.ts";

const keyOf = (v: number): string => `${v}`;

function kernel(loops: readonly number[], reads: readonly number[], write: number): Touches {
  return {
    label: "one",
    reads: new Set(reads),
    writes: new Set([write]),
    loops: new Set(loops),
    work: 1,
  };
}

/** In loop i the values 2i and 2i + 1 change places. */
function sharersOf(loops: number): ReadonlyMap<string, Sharer> {
  return new Map(
    Array.from({ length: 2 * loops }, (_, v): [string, Sharer] => [keyOf(v), {
      words: 4,
      float: true,
      slot: v % 2 === 0,
      swap: {
        side: v % 2 === 0 ? "now" : "next",
        loops: new Set([Math.floor(v / 2)]),
        partner: keyOf(v % 2 === 0 ? v + 1 : v - 1),
      },
    }]),
  );
}

const iteration = (loop: number, ...more: readonly number[]): Touches =>
  kernel([loop], [2 * loop, ...more], 2 * loop + 1);

Deno.test("shareBuffers() lets what changes places in different loops share, and the partners with it", () => {
  const kernels = [iteration(0), iteration(1), iteration(2), kernel([], [0, 2, 4], 6)];
  const find = shareBuffers(kernels, keyOf, sharersOf(3), 2, 100);
  assertEquals([find("2"), find("4"), find("3"), find("5")], ["0", "0", "1", "1"]);
});

Deno.test("shareBuffers() keeps apart what a loop reads of another one", () => {
  const kernels = [iteration(0), iteration(1, 0), iteration(2), kernel([], [0, 2, 4], 6)];
  const find = shareBuffers(kernels, keyOf, sharersOf(3), 3, 100);
  // 0 and 2 would be neighbours in a buffer that loop 1 turns while it reads 0.
  assertEquals([find("0"), find("2"), find("4")], ["0", "2", "0"]);
  const most = () => shareBuffers(kernels, keyOf, sharersOf(3), 2, 100);
  assertEquals(assertThrows(most, SteepestError).kind, "limit");
});

Deno.test("shareBuffers() joins what is read with what is written where kernels have least work", () => {
  const of = (work: number, reads: readonly number[], write: number): Touches => ({
    ...kernel([], reads, write),
    work,
  });
  // Any two of the four values are read and written by one kernel.
  const kernels = [of(1000, [0], 1), of(5, [1], 2), of(100, [2], 0), of(50, [0, 1, 2], 3)];
  const sharers = new Map(
    [0, 1, 2, 3].map((v): [string, Sharer] => [keyOf(v), { words: 64, float: true, slot: false }]),
  );
  const find = shareBuffers(kernels, keyOf, sharers, 3, 10_000);
  assertEquals([0, 1, 2, 3].map((v) => find(keyOf(v))), ["0", "1", "1", "3"]);
});
