/** Copies side by side in one program over one copy in a program of its own. */
import type { Program } from "../../src/runtime/program.ts";
import { alternate, type Row, type Side } from "./_measure.ts";

type Stepping = Disposable & Pick<Program<never>, "step" | "settled">;

/** What is compared. */
export interface Copies {
  readonly name: string;
  readonly atMost: number;
  readonly replicas: number;
  /** The program of so many copies. */
  readonly programOf: (replicas: number) => Promise<Stepping>;
  /** Steps of one run of many copies, and of one. */
  readonly steps: readonly [many: number, one: number];
  /** Whether a unit is a step of each copy, and not of all. */
  readonly perCopy?: boolean;
}

function side(name: string, program: Stepping, steps: number, units: number): Side {
  const run = async () => {
    program.step(steps);
    await program.settled();
  };
  return { name, units, run };
}

/** The row of many copies over one. */
export function overOne(
  { name, atMost, replicas, programOf, steps: [many, one], perCopy = false }: Copies,
): Row {
  return {
    name,
    atMost,
    measure: async () => {
      using together = await programOf(replicas);
      using alone = await programOf(1);
      return await alternate(
        side(`${replicas} copies`, together, many, perCopy ? many * replicas : many),
        side("one copy", alone, one, one),
      );
    },
  };
}
