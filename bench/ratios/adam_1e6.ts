import type { Row } from "./_measure.ts";
import { updateOverHand } from "./_update.ts";

export const row: Row = updateOverHand(1_000_000, "1e6", 10);
