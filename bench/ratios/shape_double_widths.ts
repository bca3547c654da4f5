import type { Row } from "./_measure.ts";
import { SHAPES } from "./_networks.ts";
import { perFlop } from "./_per_flop.ts";

export const row: Row = perFlop("double widths", SHAPES.double, 1.1);
