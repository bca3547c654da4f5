import { nasgd } from "../../src/optimizer/catalogue/nasgd.ts";
import { overPlain } from "./_added.ts";
import type { Row } from "./_measure.ts";

export const row: Row = overPlain("NaSGD", { optimizer: nasgd() });
