/**
 * What initializers may be, and the values that they stand for.
 *
 * @module
 */
import { type Issue, issue } from "../errors.ts";
import { show } from "../errors/words.ts";
import { show as showShape } from "../tensor/check.ts";
import { sizeOf } from "../tensor/node.ts";
import { mixBits, randomKey, randomWord } from "../tensor/random.ts";
import type { Initializer } from "./initial.ts";

const KINDS: {
  readonly [K in Initializer["kind"]]: (value: Readonly<Record<string, unknown>>) => boolean;
} = {
  filled: (v) => Number.isFinite(v["value"]),
  values: (v) => Array.isArray(v["values"]) && v["values"].every(Number.isFinite),
  uniform: (v) => Number.isFinite(v["bound"]),
  normal: (v) => Number.isFinite(v["deviation"]),
};

/** What is wrong with an initializer. */
export function initializerIssues(path: string, value: Initializer): Issue[] {
  const issues: Issue[] = [];
  const { kind, shape } = value;
  if (!Object.hasOwn(KINDS, kind)) {
    const found = `initializer ${show(kind)}`;
    return [issue(path, found, `one of ${Object.keys(KINDS).join(", ")}`)];
  }
  const extents: unknown = shape;
  if (!Array.isArray(extents) || !extents.every((d) => Number.isInteger(d) && d >= 1)) {
    issues.push(
      issue(path, `shape ${showShape(shape)}`, "extents that are positive integers"),
    );
  } else if (kind === "values" && value.values.length !== sizeOf(shape)) {
    issues.push(issue(path, `${value.values.length} values`, `${sizeOf(shape)} for its shape`));
  }
  if (!KINDS[kind]({ ...value })) {
    issues.push(issue(path, `${kind} with a bad number`, "finite numbers"));
  }
  return issues;
}

/** A 32-bit hash of a name: the number of a random stream. */
export function streamNumber(name: string): number {
  let h = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) h = Math.imul(h ^ name.charCodeAt(i), 0x01000193);
  return mixBits(h);
}

/** No step of a run has this number, so initial values share no draw with a step. */
const BEFORE_STEPS = -1;

/** The values of an initializer that has been checked. */
export function valuesFrom(initializer: Initializer, seed: number, path: string): Float64Array {
  const size = sizeOf(initializer.shape);
  const key = randomKey(seed, streamNumber(path), BEFORE_STEPS);
  const uniformAt = (counter: number) => (randomWord(key, counter) + 0.5) / 2 ** 32;
  switch (initializer.kind) {
    case "filled":
      return new Float64Array(size).fill(initializer.value);
    case "values":
      return Float64Array.from(initializer.values);
    case "uniform":
      return Float64Array.from(
        { length: size },
        (_, i) => initializer.bound * (2 * uniformAt(i) - 1),
      );
    case "normal":
      return Float64Array.from({ length: size }, (_, i) => {
        const radius = Math.sqrt(-2 * Math.log(uniformAt(2 * i)));
        return initializer.deviation * radius *
          Math.cos(2 * Math.PI * uniformAt(2 * i + 1));
      });
  }
}
