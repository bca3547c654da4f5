import { overHand } from "./_cnn.ts";
import type { Row } from "./_measure.ts";

export const row: Row = overHand("adam", "Adam");
