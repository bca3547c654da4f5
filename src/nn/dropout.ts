/**
 * Dropout with masks that are functions of (seed, stream, step, index).
 *
 * @module
 */
import { failure } from "../errors.ts";
import { show } from "../errors/words.ts";
import { checkTensors } from "../tensor/check.ts";
import type { Node, Shape } from "../tensor/node.ts";
import { broadcast, mul, select } from "../tensor/ops.ts";
import type { RandomSource } from "./mode.ts";

function check(op: string, x: Node, rate: number, random: RandomSource): void {
  checkTensors(op, x);
  if (typeof rate !== "number" || !(rate >= 0 && rate < 1)) {
    throw failure("description", "dropout/rate", show(rate), "a number in [0, 1)");
  }
  if (typeof random?.bernoulli === "function") return;
  throw failure("description", `${op}/random`, show(random), "what Mode.random() gives");
}

/** 1 / (1 − rate) where kept, else 0. */
function factors(rate: number, shape: Shape, random: RandomSource): Node {
  return select(random.bernoulli(1 - rate, shape), 1 / (1 - rate), 0);
}

/**
 * Each element becomes 0 with probability `rate`; the others are divided by 1 − rate, so that the
 * expectation is x.
 */
export function dropout(x: Node, rate: number, random: RandomSource): Node {
  check("dropout", x, rate, random);
  return rate === 0 ? x : mul(x, factors(rate, x.shape, random));
}

/** Like {@link dropout}, but whole channels of x [N, C, …] are kept or dropped. */
export function channelDropout(x: Node, rate: number, random: RandomSource): Node {
  check("channelDropout", x, rate, random);
  if (x.shape.length < 2) {
    throw failure("shape", "channelDropout", `[${x.shape.join(", ")}]`, "[N, C, …]");
  }
  return rate === 0
    ? x
    : mul(x, broadcast(factors(rate, x.shape.slice(0, 2), random), x.shape, [0, 1]));
}
