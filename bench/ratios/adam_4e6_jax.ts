import type { Row } from "./_measure.ts";
import { overJax } from "./_peers.ts";

export const row: Row = {
  name: "Adam on 4e6 / jax-js on WebGPU, optax's formula jitted",
  atMost: 0.4,
  measure: () => overJax({ kind: "adam", size: 4_000_000 }, { ours: 6, theirs: 2, pairs: 10 }),
};
