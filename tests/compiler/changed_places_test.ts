/** Slots of which a step changes a few places: those alone are stored, and all of the slot is right. */
import { assert, assertEquals, assertGreater, assertLess, assertLessOrEqual } from "../_assert.ts";
import type { Slot, StepProgram } from "../../src/lowering/program.ts";
import { alongColumns, alongRows, apply, isIndex } from "../../src/linalg/matrices.ts";
import { initialValues, type SlotValues, stepRunner } from "../../src/reference/step.ts";
import { tensor } from "../../src/reference/tensor.ts";
import type { Node } from "../../src/tensor/node.ts";
import {
  add,
  binary,
  broadcast,
  cast,
  compare,
  constant,
  input,
  mul,
  reshape,
  select,
  sin,
  slice,
  sum,
  transpose,
} from "../../src/tensor/ops.ts";
import { planOf, programOf, start, targets } from "./_run_plan.ts";

const LONG = 70, SHORT = 16, WORDS = LONG * SHORT;
const COLUMNS = [LONG, SHORT], ROWS = [SHORT, LONG];

const slot = (name: string, shape: readonly number[], initial: Slot["initial"]): Slot => ({
  name,
  role: "state",
  shape,
  dtype: "f32",
  initial: initial!,
  perReplica: true,
});

const turn = input("turn", []), x = input("x", [LONG]);
const u32 = (value: number): Node => constant(value, [], "u32");
const index = cast(turn, "u32");
const later = (by: number) => binary("rem", add(index, u32(by)), u32(SHORT));
const column = (of: Node) => alongRows(of, COLUMNS), row = (of: Node) => alongColumns(of, ROWS);
const at = (shape: readonly number[], k: Node) => isIndex(shape, shape === ROWS ? 0 : 1, k);
const odd = compare("eq", binary("rem", index, u32(2)), u32(1));
const now = mul(x, add(turn, 1));

/** The next value of a history from the last one. */
interface History {
  readonly shape: readonly number[];
  readonly next: (old: Node) => Node;
  /** Elements that are stored; all if absent. */
  readonly places?: number;
  /** What else reads the history: by default the next one. */
  readonly read?: (old: Node, next: Node) => Node;
}

const one = (old: Node) => select(at(COLUMNS, later(0)), column(now), old);

const HISTORIES: Readonly<Record<string, History>> = {
  "a column": { shape: COLUMNS, next: one, places: LONG },
  "a row": {
    shape: ROWS,
    next: (old) => select(at(ROWS, later(3)), row(now), old),
    places: LONG,
  },
  "two columns, if at all": {
    shape: COLUMNS,
    next: (old) =>
      select(
        binary("and", at(COLUMNS, later(1)), odd),
        column(now),
        select(binary("and", odd, at(COLUMNS, later(9))), column(mul(x, x)), old),
      ),
    places: 2 * LONG,
  },
  "a column of two": {
    shape: COLUMNS,
    next: (old) =>
      select(
        odd,
        select(at(COLUMNS, later(5)), column(now), old),
        select(at(COLUMNS, later(6)), add(column(x), mul(0.5, old)), old),
      ),
  },
  // Each of which has the last one on both sides: they must not be followed one by one.
  "a column by one of forty choices": {
    shape: COLUMNS,
    next: (old) =>
      Array.from({ length: 40 }, (_, i) => i).reduce(
        (before, i) =>
          select(
            compare("gt", turn, i),
            select(at(COLUMNS, later(i % 3)), column(mul(now, 1 + i / 40)), before),
            before,
          ),
        old,
      ),
    places: 3 * LONG,
  },
  "a place that may lie beyond the end": {
    shape: COLUMNS,
    next: (old) => select(at(COLUMNS, add(index, u32(12))), column(now), old),
    places: LONG,
  },
  "a column, while the last history is read": {
    shape: COLUMNS,
    next: one,
    read: (old, next) => add(next, mul(0.5, old)),
  },
  "a column and a row": {
    shape: COLUMNS,
    next: (old) =>
      select(
        at(COLUMNS, later(0)),
        column(now),
        select(isIndex(COLUMNS, 0, later(2)), constant(0.5, COLUMNS), old),
      ),
  },
  "a column, the others halved": {
    shape: COLUMNS,
    next: (old) => select(at(COLUMNS, later(0)), column(now), mul(0.5, old)),
  },
};

const slotsOf = (shape: readonly number[]): readonly Slot[] => [
  slot("history", shape, 0.25),
  slot("turn", [], [0]),
  slot("result", [SHORT], 0),
  slot("twice", shape, 0),
  { ...slot("x", [LONG], 0), role: "batch", perReplica: false },
];

function programOfHistory({ shape, next, read = (_, after) => after }: History): StepProgram {
  const old = input("history", shape), after = next(old);
  const seen = read(old, after), rows = shape === ROWS ? seen : transpose(seen);
  return programOf(
    [],
    slotsOf(shape),
    () => [{
      kind: "straight",
      period: 1,
      offset: 0,
      assign: [
        { slot: "history", value: after },
        { slot: "result", value: apply(rows, x) },
        { slot: "twice", value: mul(2, after) },
        { slot: "turn", value: add(turn, 1) },
      ],
    }],
  );
}

const X = Float64Array.from({ length: LONG }, (_, i) => Math.fround(Math.sin(i + 1)));

/** The slots that the oracle has after some steps. */
function statesOf(program: StepProgram, first: number, steps: number): SlotValues {
  const run = stepRunner(program, "f64");
  let values = initialValues(program, [], { precision: "f64", seed: 0 });
  values = new Map([...values, ["turn", tensor([first], [], "f32", "f64")]]);
  for (let k = 0; k < steps; k++) {
    values = run(new Map([...values, ["x", tensor(X, [LONG], "f32", "f64")]]), k).values;
  }
  return values;
}

for (const [name, history] of Object.entries(HISTORIES)) {
  const program = programOfHistory(history);
  const { places } = history;

  Deno.test(`compilePlan() stores ${places === undefined ? "all of a history" : "no more"} for ${name}`, () => {
    for (const target of ["js", "wgsl"] as const) {
      const { kernels } = planOf(program, target, 1, {}, { oneKernel: 0 });
      const storing = kernels.filter(({ label }) => label.includes("history"));
      assertEquals(storing.length, 1);
      if (places === undefined) assertGreater(storing[0]!.words, WORDS);
      else assertLessOrEqual(storing[0]!.words, 3 * places + LONG + 8);
    }
  });

  for (const target of targets) {
    Deno.test(`compilePlan() on ${target} is what the oracle says where a step changes ${name}`, async () => {
      for (
        const [turns, doubled] of [[[0], Infinity], [[2], 1], [[3, 9, 14], Infinity]] as const
      ) {
        const plan = planOf(program, target, turns.length, {}, { doubled });
        const executor = await start(plan, new Map([["x", X]]));
        executor.write("turn", turns);
        executor.step(5);
        const wanted = turns.map((first) => statesOf(program, first, 5));
        for (const which of ["history", "result", "twice"]) {
          const found = await executor.read(which);
          const data = wanted.flatMap((values) => [...values.get(which)!.data]);
          assertEquals(found.length, data.length);
          assert(data.some((v) => Math.abs(v) > 1));
          found.forEach((v, i) => assertLess(Math.abs(v - data[i]!), 1e-3));
        }
        executor.dispose();
      }
    });
  }
}

for (const target of targets) {
  Deno.test(`compilePlan() on ${target} changes a slot in its place where a region before it has read some of what is next`, async () => {
    const old = input("history", COLUMNS), next = one(old);
    const element = sin(reshape(slice(next, [0, 0], [1, 1]), []));
    const straight = { kind: "straight", period: 1, offset: 0 } as const;
    const program = programOf([], slotsOf(COLUMNS), () => [
      { ...straight, assign: [{ slot: "result", value: broadcast(element, [SHORT], []) }] },
      {
        ...straight,
        assign: [
          { slot: "history", value: next },
          { slot: "twice", value: broadcast(add(element, sum(next)), COLUMNS, []) },
          { slot: "turn", value: add(turn, 1) },
        ],
      },
    ]);
    const executor = await start(planOf(program, target), new Map([["x", X]]));
    executor.step(3);
    const wanted = statesOf(program, 0, 3);
    for (const which of ["history", "result", "twice"]) {
      const found = await executor.read(which), { data } = wanted.get(which)!;
      found.forEach((v, i) => assertLess(Math.abs(v - data[i]!), 1e-3));
    }
    executor.dispose();
  });
}
