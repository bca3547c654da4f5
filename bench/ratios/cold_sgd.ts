import { coldRow } from "./_cold.ts";
import type { Row } from "./_measure.ts";

export const row: Row = coldRow("sgd", "SGD");
