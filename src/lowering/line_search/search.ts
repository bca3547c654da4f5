/**
 * Trials along a line: a loop that ends with the first one that suffices.
 *
 * @module
 */
import { loop } from "../../linalg/loop.ts";
import type { LineSearch } from "../../optimizer/types.ts";
import type { Node } from "../../tensor/node.ts";
import { add, binary, compare, constant, select, unary } from "../../tensor/ops.ts";
import { backtracking } from "./backtracking.ts";
import { LARGEST, type Line, type Method } from "./line.ts";
import { strongWolfe } from "./strong_wolfe.ts";

const METHODS: { readonly [M in LineSearch["method"]]: Method } = { backtracking, strongWolfe };

/** What a search needs to know; scalars. */
interface Search {
  readonly line: Line;
  /** Whether φ goes down from 0: else no trial is made. */
  readonly descends: Node;
  /** φ(α). */
  readonly lossAt: (alpha: Node) => Node;
  /** φ′(α). */
  readonly slopeAt: (alpha: Node) => Node;
}

/** What came of it; scalars. */
export interface Found {
  readonly alpha: Node;
  readonly trials: Node;
  /** Whether trials were made and none sufficed. */
  readonly unmet: Node;
}

/** Where a search stands. */
const GOES_ON = 0, MET = 1, ENDED = 2;

/** Searches along a line as a description says. */
export function search({ method: name, trials, otherwise }: LineSearch, given: Search): Found {
  const { line, descends } = given;
  const method = METHODS[name];
  const [, last, made, status, best] = loop({
    times: trials,
    initial: [
      line.initial,
      constant(0),
      constant(0),
      select(descends, constant(GOES_ON), constant(ENDED)),
      constant(0),
      line.start.loss,
      ...method.initial(line),
    ],
    body: (alpha, _last, made, _status, best, least, ...state) => {
      const loss = given.lossAt(alpha!);
      const slope = method.slopes ? given.slopeAt(alpha!) : constant(0);
      const finite = unary("isFinite", add(loss, slope));
      const at = {
        alpha: alpha!,
        loss: select(finite, loss, LARGEST),
        slope: select(finite, slope, 0),
      };
      const { met, stuck, next, state: after } = method.judge(
        line,
        { at, finite, before: made! },
        state,
      );
      const improves = compare("lt", at.loss, least!);
      const ended = stuck === undefined
        ? constant(GOES_ON)
        : select(stuck, constant(ENDED), constant(GOES_ON));
      return [
        next,
        alpha!,
        add(made!, 1),
        select(met, constant(MET), ended),
        select(improves, alpha!, best!),
        select(improves, at.loss, least!),
        ...after,
      ];
    },
    condition: (_alpha, _last, _made, status) => compare("eq", status!, GOES_ON),
  });
  const met = compare("eq", status!, MET);
  const instead = { none: constant(0), last: last!, best: best! }[otherwise];
  return {
    alpha: select(met, last!, instead),
    trials: made!,
    unmet: binary("and", descends, unary("not", met)),
  };
}
