import type { Row } from "./_measure.ts";
import { SHAPES } from "./_networks.ts";
import { perFlop } from "./_per_flop.ts";

export const row: Row = perFlop("batch 120", SHAPES.batch120, 1.1);
