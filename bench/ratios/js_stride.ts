import type { Row } from "./_measure.ts";
import { FAMILY } from "./_networks.ts";
import { perFlop } from "./_per_flop.ts";

export const row: Row = perFlop("3×3 stride 2 pad 1", FAMILY.stride, 3, "js");
