/**
 * Runs combinations of the product.
 *
 * @module
 */
import { failure } from "../errors.ts";
import type { Judged } from "../taxonomy/product/verdict.ts";
import type { Backend } from "../training/options.ts";
import { problemOf, type Walk, walk } from "./product_problem.ts";

/** How many steps each takes. */
export const STEPS = 10;

/** How far equal stages may be apart after the steps, in double precision. */
const EQUAL_WITHIN = 1e-12;

/** What came of a run. */
export interface ProductRun {
  /** Stages that were to take their steps. */
  readonly ran: number;
  /** Stages that were compared with what they are equal to. */
  readonly compared: number;
  /** The largest distance between equal stages. */
  readonly apart: number;
  /** Combinations with which something is wrong, and what. */
  readonly wrong: readonly (readonly [Judged, string])[];
}

function distance({ end: a }: Walk, { end: b }: Walk): number {
  return Math.max(...a.map((x, i) => Math.abs(x - b[i]!)));
}

/** Whether a combination is one that another rule makes, and not only another word for it. */
function rewritten({ verdict }: Judged): boolean {
  return verdict.kind === "equal" && verdict.to !== verdict.stage;
}

/** What a run runs: stages, and on the oracle what is equal to one. */
export function runnable(judged: readonly Judged[], backend: Backend): readonly Judged[] {
  return judged.filter((one) =>
    one.verdict.kind === "stage" || backend === "reference" && rewritten(one)
  );
}

/** Takes the steps of combinations, one after the other. */
export async function runProduct(
  judged: readonly Judged[],
  backend: Backend,
  signal: AbortSignal,
  onDone: (done: number) => void = () => {},
): Promise<ProductRun> {
  const options = backend === "reference" ? { backend, precision: "f64" } as const : { backend };
  const wrong: (readonly [Judged, string])[] = [];
  let ran = 0, compared = 0, apart = 0;
  for (const [i, one] of judged.entries()) {
    if (signal.aborted) throw failure("cancelled", "signal", "Ctrl-C", "a run to the end");
    const { verdict } = one;
    if (verdict.kind === "refused") continue;
    ran++;
    try {
      const found = await walk(verdict.stage, STEPS, options);
      const problem = problemOf(found);
      if (problem !== undefined) wrong.push([one, problem]);
      if (verdict.kind === "equal") {
        const far = distance(found, await walk(verdict.to, STEPS, options));
        compared++;
        apart = Math.max(apart, far);
        if (!(far <= EQUAL_WITHIN)) wrong.push([one, `${far} from what it is equal to`]);
      }
    } catch (cause) {
      // Whatever a combination fails with is what is wrong with it, and no reason not to try the others.
      wrong.push([one, cause instanceof Error ? cause.message : String(cause)]);
    }
    onDone(i + 1);
  }
  return { ran, compared, apart, wrong };
}
