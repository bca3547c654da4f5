/**
 * Whether a predicate that has been checked matches a parameter.
 *
 * @module
 */

import type { ParameterFacts, Predicate, PredicateKind } from "./predicate.ts";
import type { OfKind } from "./types.ts";

/** A glob as an anchored regular expression. */
function globToRegExp(glob: string): RegExp {
  const source = glob.replace(/\*\*|\*|\?|[^*?]+/g, (part) => {
    if (part === "**") return ".*";
    if (part === "*") return "[^/]*";
    if (part === "?") return "[^/]";
    return part.replace(/[\\^$.|+()[\]{}]/g, "\\$&");
  });
  return new RegExp(`^${source}$`, "s");
}

const RULES: {
  readonly [K in PredicateKind]: (it: OfKind<Predicate, K>, about: ParameterFacts) => boolean;
} = {
  rank: ({ atLeast, atMost }, { shape }) =>
    shape.length >= atLeast && (atMost === undefined || shape.length <= atMost),
  path: ({ glob }, about) => globToRegExp(glob).test(about.path),
  all: ({ of }, about) => of.every((it) => applies(it, about)),
  any: ({ of }, about) => of.some((it) => applies(it, about)),
  not: ({ of }, about) => !applies(of, about),
};

/** Whether the parameter is one of those that the predicate means. */
export function applies(it: Predicate, about: ParameterFacts): boolean {
  return (RULES[it.kind] as (it: Predicate, about: ParameterFacts) => boolean)(it, about);
}
