import type { Row } from "./_measure.ts";
import { FAMILY } from "./_networks.ts";
import { perFlop } from "./_per_flop.ts";

export const row: Row = perFlop("MLP", FAMILY.mlp, 3, "js");
