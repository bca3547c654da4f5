/** How the ratios are made of what the two sides took. */
import { alternate, type Elsewhere, quantile, ratioOf } from "../../bench/ratios/_measure.ts";
import { page, passed, resultOf } from "../../bench/ratios/_result.ts";
import { assert, assertEquals } from "../_assert.ts";

/** A side that says what it takes, and that it was asked. */
function side(name: string, cpu: number, wall: number, units: number, asked: string[]): Elsewhere {
  return {
    name,
    measure: () => {
      asked.push(name);
      return Promise.resolve({ cpu, wall, units });
    },
  };
}

Deno.test("alternate() turns the order round with each pair, and divides by the units", async () => {
  const asked: string[] = [];
  const ours = side("a", 40, 30, 20, asked), theirs = side("b", 10, 30, 10, asked);
  const { ratio, wall, clock, pairs } = await alternate(ours, theirs, { pairs: 3, warmup: 1 });
  assertEquals(asked.join(""), "ab" + "ab" + "ba" + "ab");
  assertEquals([ratio, wall, clock, pairs], [2, 0.5, "cpu", 3]);
  const byWall = await alternate(ours, theirs, { pairs: 2, warmup: 0, clock: "wall" });
  assertEquals([byWall.ratio, byWall.ours, byWall.theirs], [0.5, 1.5, 3]);
});

Deno.test("ratioOf() takes the median and the quartiles of the ratios of pairs", () => {
  const pairs = [1, 5, 2, 4, 3].map((cpu) => ({
    ours: { cpu, wall: 1 },
    theirs: { cpu: 2, wall: 1 },
  }));
  const { ratio, low, high, ours, theirs } = ratioOf(pairs, "cpu");
  assertEquals([ratio, low, high, ours, theirs], [1.5, 1, 2, 3, 2]);
  assertEquals(quantile([1, 2], 0.5), 1.5);
});

Deno.test("page() says of a row whether it passes, and where it was measured", () => {
  const ratio = ratioOf([{ ours: { cpu: 3, wall: 4 }, theirs: { cpu: 2, wall: 5 } }], "cpu");
  const measure = () => Promise.resolve(ratio);
  const place = {
    machine: "a machine",
    adapter: "an adapter",
    driver: "a driver",
    deno: "2",
    load: 2,
  };
  const day = new Date("2026-01-02");
  const good = resultOf("a", { name: "a | b", atMost: 1.5, measure }, ratio, place, day);
  const slow = resultOf("b", { name: "b", atMost: 1.4, measure }, ratio, place, day);
  assertEquals([good, slow].map(passed), [true, false]);
  const text = page([good, slow]);
  assert(text.includes("| a \\| b | 1.5 | 1.50 | 1.50 to 1.50 | cpu | 1 | 2 | yes |"), text);
  assert(text.includes("| b | 1.4 | 1.50 | 1.50 to 1.50 | cpu | 1 | 2 | **no** |"), text);
  assertEquals(text.match(/- a machine; an adapter; a driver; Deno 2; 2026-01-02/g)?.length, 1);
});
