import type { Row } from "./_measure.ts";
import { overTorch } from "./_peers.ts";

export const row: Row = {
  name: "CNN step, Adam / PyTorch on the CPU, two threads",
  atMost: 0.85,
  measure: () => overTorch({ kind: "cnn" }, { ours: 10, theirs: 10 }),
};
