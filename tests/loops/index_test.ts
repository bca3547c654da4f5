/** The algebra of indices against arithmetic on numbers. */
import { assert, assertEquals } from "../_assert.ts";
import {
  type Atom,
  type Axis,
  delinearize,
  type Index,
  indexAdd,
  indexAxis,
  indexConstant,
  indexDiv,
  indexEvaluate,
  indexMod,
  indexScale,
  indexShift,
  indexSubstitute,
  indexSum,
  indexWhere,
  linearize,
} from "../../src/loops/index.ts";
import { randomKey, randomWord } from "../../src/tensor/random.ts";

const AXES: readonly Axis[] = [
  { name: "i", extent: 4 },
  { name: "j", extent: 3 },
  { name: "k", extent: 6 },
  { name: "one", extent: 1 },
];

type Point = ReadonlyMap<string, number>;

const POINTS: readonly Point[] = Array.from(
  { length: 4 * 3 * 6 },
  (_, n) =>
    new Map([["i", n % 4], ["j", Math.floor(n / 4) % 3], ["k", Math.floor(n / 12)], ["one", 0]]),
);

const at = (point: Point) => (atom: Atom): number => {
  if (atom.kind !== "axis") throw new RangeError("Only axes have values here");
  return point.get(atom.axis.name)!;
};
const floorMod = (x: number, n: number) => ((x % n) + n) % n;

interface Pair {
  readonly index: Index;
  readonly value: (p: Point) => number;
}

/** A random expression, as an index and as a function of the axes. */
function random(next: (n: number) => number, depth: number): Pair {
  if (depth === 0) {
    if (next(4) === 0) {
      const c = next(13) - 6;
      return { index: indexConstant(c), value: () => c };
    }
    const axis = AXES[next(AXES.length)]!;
    return { index: indexAxis(axis), value: (p) => p.get(axis.name)! };
  }
  const a = random(next, depth - 1);
  switch (next(6)) {
    case 0: {
      const n = 1 + next(7);
      return { index: indexDiv(a.index, n), value: (p) => Math.floor(a.value(p) / n) };
    }
    case 1: {
      const n = 1 + next(7);
      return { index: indexMod(a.index, n), value: (p) => floorMod(a.value(p), n) };
    }
    case 2: {
      const by = next(9) - 4;
      return { index: indexShift(a.index, by), value: (p) => a.value(p) + by };
    }
    case 3: {
      const factor = next(9) - 4;
      return { index: indexScale(a.index, factor), value: (p) => factor * a.value(p) };
    }
    case 4: {
      // The pieces of one index, which the algebra puts back together.
      const n = 2 + next(5), low = indexMod(a.index, n), high = indexDiv(a.index, n);
      return {
        index: indexSum([{ factor: n, index: high }, { factor: 1, index: low }]),
        value: a.value,
      };
    }
    default: {
      const b = random(next, depth - 1);
      return { index: indexAdd(a.index, b.index), value: (p) => a.value(p) + b.value(p) };
    }
  }
}

Deno.test("indexEvaluate() of random expressions is what arithmetic says, within their bounds", () => {
  const key = randomKey(1, 0, 0);
  let count = 0;
  const next = (n: number) => randomWord(key, count++) % n;
  for (let n = 0; n < 3000; n++) {
    const { index, value } = random(next, 1 + next(4));
    for (const p of POINTS) {
      const found = indexEvaluate(index, at(p));
      assert(found === value(p), `${index.key} at ${[...p.values()]}`);
      assert(index.low <= found && found <= index.high, `${index.key} has too narrow bounds`);
    }
  }
});

Deno.test("indexSubstitute() evaluates to the expression at the substituted values", () => {
  const key = randomKey(2, 0, 0);
  let count = 0;
  const next = (n: number) => randomWord(key, count++) % n;
  for (let n = 0; n < 500; n++) {
    const a = random(next, 3), b = random(next, 2);
    // What takes the place of an axis stays within its extent.
    const inside = indexMod(b.index, 4);
    const made = indexSubstitute(
      a.index,
      (atom) => atom.kind === "axis" && atom.axis.name === "i" ? inside : undefined,
    );
    for (const p of POINTS) {
      const moved = new Map([...p, ["i", floorMod(b.value(p), 4)] as const]);
      const same = indexEvaluate(made, at(p)) === a.value(moved);
      assert(same, `${a.index.key} with ${inside.key}`);
    }
  }
});

Deno.test("delinearize() undoes linearize()", () => {
  const shape = [4, 3, 6];
  const own = AXES.slice(0, 3).map(indexAxis);
  assertEquals(delinearize(linearize(own, shape), shape).map((x) => x.key), own.map((x) => x.key));
});

Deno.test("linearize() of another shape's coordinates is the same flat index", () => {
  const flat = linearize(AXES.slice(0, 3).map(indexAxis), [4, 3, 6]);
  for (const shape of [[2, 36], [8, 9], [72], [3, 2, 2, 6], [1, 72, 1]]) {
    assertEquals(linearize(delinearize(flat, shape), shape).key, flat.key, `${shape}`);
  }
});

Deno.test("indexDiv() and indexMod() round down below zero", () => {
  const x = indexShift(indexAxis(AXES[0]!), -3);
  assertEquals(
    [0, 1, 2, 3].map((i) => [
      indexEvaluate(indexDiv(x, 2), () => i),
      indexEvaluate(indexMod(x, 2), () => i),
    ]),
    [[-2, 1], [-1, 0], [-1, 1], [0, 0]],
  );
});

Deno.test("linearize() puts coordinates back together where blocks of an axis are taken apart", () => {
  const k: Axis = { name: "k", extent: 80 };
  const block = indexShift(indexScale(indexAxis({ name: "n", extent: 10 }), 8), 1);
  const apart = delinearize(indexAxis(k), [5, 4, 4]).map((x) =>
    indexSubstitute(x, (atom) => atom.kind === "axis" ? block : undefined)
  );
  assertEquals(linearize(apart, [5, 4, 4]).key, block.key);
});

Deno.test("indexWhere() evaluates to the expression wherever its facts hold", () => {
  const key = randomKey(11, 0, 0);
  let count = 0;
  const next = (n: number) => randomWord(key, count++) % n;
  let simpler = 0;
  for (let k = 0; k < 400; k++) {
    const inner = random(next, 1), extent = 1 + next(6);
    const whole = linearize([random(next, 1).index, inner.index], [7, extent]);
    const coordinates = delinearize(whole, [7, extent]);
    for (const x of coordinates) {
      const where = indexWhere(x, [{ index: inner.index, extent }]);
      simpler += Number(where.key.length < x.key.length);
      for (const point of POINTS) {
        const value = inner.value(point);
        if (value < 0 || value >= extent) continue;
        assertEquals(indexEvaluate(where, at(point)), indexEvaluate(x, at(point)));
      }
    }
  }
  assert(simpler > 100);
});
