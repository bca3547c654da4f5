/**
 * Optimizers of the catalogue from names, as a command line or a form has them.
 *
 * @module
 */

import * as E from "fp-ts/lib/Either.js";
import { type Issue, issue, SteepestError } from "../../errors.ts";
import { unknownName } from "../../errors/options.ts";
import { show } from "../../errors/words.ts";
import type { Optimizer } from "../types.ts";
import { catalogue, type Options } from "./registry.ts";

/**
 * Builds a named optimizer from options by name, as a command line or a form has them.
 *
 * @returns the optimizer, or every issue: an unknown name or option with the one that was probably meant, and each
 * option that is out of range.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { adam, fromCatalogue } from "@steepest/steepest";
 *
 * const found = fromCatalogue("adam", { learningRate: 0.01 });
 * assert(found._tag === "Right");
 * assert.deepEqual(found.right, adam({ learningRate: 0.01 }));
 * assert.equal(fromCatalogue("adm")._tag, "Left");
 * ```
 */
export function fromCatalogue(
  name: string,
  options: Options = {},
): E.Either<readonly Issue[], Optimizer> {
  const found = typeof name === "string" && Object.hasOwn(catalogue, name)
    ? catalogue[name]
    : undefined;
  if (found === undefined) {
    const known = Object.keys(catalogue);
    return E.left([
      typeof name === "string"
        ? unknownName("optimizer", name, "one of", known)
        : issue("optimizer", show(name), `one of ${known.join(", ")}`),
    ]);
  }
  return E.tryCatch(
    () => found.build(options),
    (cause) => {
      if (cause instanceof SteepestError) return cause.issues;
      throw cause;
    },
  );
}
