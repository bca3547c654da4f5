import { overPlain } from "./_added.ts";
import type { Row } from "./_measure.ts";

export const row: Row = overPlain("dropout", { dropout: true });
