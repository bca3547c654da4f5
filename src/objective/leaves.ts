/**
 * From nested parameters to a flat list of leaves and back, with every problem found on the way.
 *
 * @module
 */
import { type Issue, issue } from "../errors.ts";
import { isRecord } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import type { Initializer } from "../nn/initial.ts";
import { initializerIssues } from "../nn/initial_values.ts";
import type { NestedNumbers, Parameters, Values } from "../nn/parameters.ts";
import type { Shape } from "../tensor/node.ts";

/** One parameter tensor. */
export interface Leaf {
  /** The names on the way to it, joined by `/`. */
  readonly path: string;
  /** Its extents, outermost first; `[]` is a scalar. */
  readonly shape: Shape;
  /** How it starts. */
  readonly initial: Initializer;
}

/** Whether an object is an initializer; no parameter can be a string, so a `kind` tells. */
function isInitializer(value: unknown): boolean {
  return isRecord(value) && typeof value["kind"] === "string";
}

/** The shape of nested arrays; `undefined`, and issues, if they are ragged, empty or not finite. */
function measure(path: string, value: unknown, issues: Issue[]): Shape | undefined {
  if (typeof value === "number") {
    if (Number.isFinite(value)) return [];
    issues.push(issue(path, String(value), "a finite number"));
    return undefined;
  }
  if (!Array.isArray(value)) {
    issues.push(issue(path, show(value), "a number or an array"));
    return undefined;
  }
  if (value.length === 0) {
    issues.push(issue(path, "an empty array", "at least one element"));
    return undefined;
  }
  const shapes = value.map((v, i) => measure(`${path}[${i}]`, v, issues));
  const first = shapes[0];
  if (first === undefined) return undefined;
  for (const [i, shape] of shapes.entries()) {
    if (shape !== undefined && shape.join() !== first.join()) {
      issues.push(
        issue(
          `${path}[${i}]`,
          `shape [${shape.join(", ")}]`,
          `[${first.join(", ")}] like its first`,
        ),
      );
      return undefined;
    }
  }
  return [value.length, ...first];
}

function flattened(value: NestedNumbers | number): readonly number[] {
  return typeof value === "number" ? [value] : value.flatMap(flattened);
}

function leafOf(path: string, value: unknown, issues: Issue[]): Leaf | undefined {
  if (isInitializer(value)) {
    const initial = value as Initializer;
    issues.push(...initializerIssues(path, initial));
    return { path, shape: initial.shape, initial };
  }
  const shape = measure(path, value, issues);
  if (shape === undefined) return undefined;
  if (typeof value === "number") return { path, shape, initial: { kind: "filled", shape, value } };
  const values = flattened(value as NestedNumbers);
  return { path, shape, initial: { kind: "values", shape, values } };
}

/** Every parameter tensor in the order it was written; problems go to `issues`. */
export function leavesOf(parameters: Parameters, issues: Issue[]): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (group: Readonly<Record<string, unknown>>, prefix: string) => {
    const entries = Object.entries(group);
    if (entries.length === 0) issues.push(issue(prefix, "no parameters", "at least one"));
    for (const [name, value] of entries) {
      const path = prefix === "" ? name : `${prefix}/${name}`;
      if (name === "" || name.includes("/")) {
        issues.push(issue(path, `the name "${name}"`, "a name without / that is not empty"));
      }
      if (isRecord(value) && !isInitializer(value)) visit(value, path);
      else {
        const leaf = leafOf(path, value, issues);
        if (leaf !== undefined) leaves.push(leaf);
      }
    }
  };
  if (isRecord(parameters)) visit(parameters, "");
  else issues.push(issue("parameters", show(parameters), "an object of named parameters"));
  return leaves;
}

/** The nesting of `parameters` with what `at` gives for each leaf. */
export function nest(
  parameters: Parameters,
  at: (path: string, initial: unknown) => unknown,
  prefix = "",
): unknown {
  return Object.fromEntries(
    Object.entries(parameters).map(([name, value]) => {
      const path = prefix === "" ? name : `${prefix}/${name}`;
      const group = isRecord(value) && !isInitializer(value);
      return [name, group ? nest(value as Parameters, at, path) : at(path, value)];
    }),
  );
}

/** Values in the nesting of `parameters`; plain numbers where numbers were given. */
export function nestValues<P extends Parameters>(
  parameters: P,
  leaves: readonly Leaf[],
  flat: (path: string) => Float32Array | Float64Array,
): Values<P> {
  const shapes = new Map(leaves.map((leaf) => [leaf.path, leaf.shape]));
  return nest(parameters, (path, initial) => {
    const data = flat(path);
    return typeof initial === "number" ? data[0] : { shape: shapes.get(path), data };
  }) as Values<P>;
}
