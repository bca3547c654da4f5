/** Random step programs: slots with versions, regions of several periods, values shared between them. */
import type { Region, Slot, StepProgram } from "../../src/lowering/program.ts";
import type { Node } from "../../src/tensor/node.ts";
import {
  add,
  broadcastTo,
  constant,
  div,
  input,
  matmul,
  mul,
  permute,
  reshape,
  select,
  sub,
  sum,
  tanh,
} from "../../src/tensor/ops.ts";
import { cast, compare, randomBits } from "../../src/tensor/ops.ts";
import { randomKey, randomWord } from "../../src/tensor/random.ts";

/** Edge of the square tensors; θ has SIZE² elements. */
export const SIZE = 5;
const WIDE = [SIZE * SIZE];

/** A program of three states, a host scalar and hyperparameters, in one to four regions. */
export function regionProgram(seed: number): StepProgram {
  const key = randomKey(seed, 2, 0);
  let count = 0;
  const below = (n: number) => randomWord(key, count++) % n;
  const pick = <T>(values: readonly T[]): T => values[below(values.length)]!;
  const state = (name: string, initial: number): Slot => ({
    name,
    role: "state",
    shape: WIDE,
    dtype: "f32",
    initial,
    perReplica: true,
  });
  const scalar = (name: string, role: Slot["role"], initial: number): Slot => ({
    name,
    role,
    shape: [],
    dtype: "f32",
    initial,
    perReplica: true,
  });
  const slots: readonly Slot[] = [
    { name: "theta", role: "parameters", shape: WIDE, dtype: "f32", perReplica: true },
    { name: "step", role: "clock", shape: [], dtype: "u32", initial: 0, perReplica: false },
    { name: "seed", role: "clock", shape: [], dtype: "u32", initial: 0, perReplica: true },
    state("a", 0.5),
    state("b", -0.25),
    state("c", 1),
    scalar("host", "state", 0.25),
    // A list keeps a scalar on the device.
    { ...scalar("device", "state", 0), initial: [0.125] },
    scalar("rate", "hyper", 0.3),
    scalar("record/r", "record", 0),
  ];
  const versions = new Map<string, number>();
  const wide = ["theta", "a", "b", "c"];
  /** A slot as it is now or, sometimes, as it was. */
  const read = (name: string, shape = WIDE): Node => {
    const now = versions.get(name) ?? 0;
    return input(name, shape, "f32", below(4) === 0 ? below(now + 1) : now);
  };
  const step = input("step", [], "u32"), seedNode = input("seed", [], "u32");
  const shared: Node[] = [];
  const hostScalar = (): Node => mul(input("rate", []), add(read("host", []), cast(step, "f32")));
  const square = (x: Node) => reshape(x, [SIZE, SIZE]);
  const value = (depth: number): Node => {
    if (depth === 0) return read(pick(wide));
    if (shared.length > 0 && below(4) === 0) return pick(shared);
    const x = value(depth - 1);
    const made = (() => {
      switch (below(8)) {
        case 0:
          return tanh(add(x, value(depth - 1)));
        case 1:
          return reshape(matmul(square(x), square(value(depth - 1))), WIDE);
        case 2:
          return mul(tanh(x), broadcastTo(tanh(sum(value(depth - 1))), WIDE));
        case 3:
          return reshape(permute(square(x), [1, 0]), WIDE);
        case 4:
          return mul(tanh(mul(0.1, hostScalar())), x);
        case 5:
          return add(x, mul(0.5, read("device", [])));
        case 6: {
          const coin = randomBits(seedNode, step, below(3), WIDE);
          return select(compare("lt", coin, constant(2 ** 31, WIDE, "u32")), x, mul(0.5, x));
        }
        default:
          return sub(mul(0.5, x), value(depth - 1));
      }
    })();
    const small = tanh(made);
    shared.push(small);
    return small;
  };
  const straight = { kind: "straight", period: 1, offset: 0 } as const;
  const rare = () => {
    const period = 2 + below(3);
    return { kind: "every", period, offset: below(period) } as const;
  };
  const times = [straight, ...Array.from({ length: below(3) }, rare), straight];
  const regions = times.map((time): Region => {
    const names = ["theta", "a", "b", "c", "device", "host"].filter(() => below(2) === 0);
    const assign = names.map((slot) => ({
      slot,
      value: slot === "host"
        ? div(add(read("host", []), 1), 2)
        : slot === "device"
        ? tanh(sum(value(2)))
        : value(1 + below(3)),
    }));
    if (time === straight && versions.get("record/r") === undefined) {
      assign.push({ slot: "record/r", value: sum(value(1)) });
    }
    for (const { slot } of assign) versions.set(slot, (versions.get(slot) ?? 0) + 1);
    return { ...time, assign };
  });
  return {
    arena: {
      size: WIDE[0]!,
      entries: [{ path: "x", shape: WIDE, offset: 0, size: WIDE[0]! }],
    },
    slots,
    regions,
  };
}
