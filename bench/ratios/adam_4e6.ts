import type { Row } from "./_measure.ts";
import { updateOverHand } from "./_update.ts";

export const row: Row = updateOverHand(4_000_000, "4e6", 3);
