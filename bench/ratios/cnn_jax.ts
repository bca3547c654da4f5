import type { Row } from "./_measure.ts";
import { overJax } from "./_peers.ts";

export const row: Row = {
  name: "CNN step, Adam / jax-js on WebGPU",
  atMost: 0.12,
  measure: () => overJax({ kind: "cnn" }, { ours: 10, theirs: 2, pairs: 8 }),
};
