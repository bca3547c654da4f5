import type { Row } from "./_measure.ts";
import { SHAPES } from "./_networks.ts";
import { perFlop } from "./_per_flop.ts";

export const row: Row = perFlop("widths 11 and 23", SHAPES.odd, 1.4);
