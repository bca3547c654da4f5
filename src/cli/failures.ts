/**
 * Errors as lines for a person, without a stack trace, and the exit status they lead to.
 *
 * @module
 */
import { CommanderError } from "commander";
import { type ErrorKind, type Issue, issue, SteepestError } from "../errors.ts";
import { EXIT } from "./terminal.ts";

const STATUS: { readonly [K in ErrorKind]: number } = {
  // What the person wrote is wrong …
  description: EXIT.usage,
  // … or what it met.
  shape: EXIT.failure,
  need: EXIT.failure,
  limit: EXIT.failure,
  shader: EXIT.failure,
  device: EXIT.failure,
  data: EXIT.failure,
  checkpoint: EXIT.failure,
  cancelled: EXIT.interrupted,
};

function linesOf(problem: Issue): readonly string[] {
  const { path, found, expected, message } = problem;
  const [first, ...rest] = message.split("\n");
  const lines = [`error: ${first}`, ...rest.map((line) => `  ${line}`)];
  // The standard sentence has found and expected in it.
  if (first === issue(path, found, expected).message) return lines;
  return [
    ...lines,
    ...(path === "" ? [] : [`  where:    ${path}`]),
    `  found:    ${found}`,
    `  expected: ${expected}`,
  ];
}

/** What a failure says to a machine. */
interface FailureFields {
  /** The kind of a typed error, `usage` for mistakes in the arguments, else `unknown`. */
  readonly kind: ErrorKind | "usage" | "unknown";
  /** Every problem; those of the arguments have a message alone. */
  readonly issues: readonly (Issue | Pick<Issue, "message">)[];
}

/** A failure, and what else was wrong with the arguments, as fields. */
export function failureFields(cause: unknown, problems: readonly string[]): FailureFields {
  if (cause instanceof SteepestError) return { kind: cause.kind, issues: cause.issues };
  const message = cause instanceof Error ? cause.message : String(cause);
  const kind = cause instanceof CommanderError ? "usage" : "unknown";
  const all = new Set([...message.split("\n"), ...problems]);
  return { kind, issues: [...all].map((one) => ({ message: one.replace(/^error: /, "") })) };
}

/** The lines that tell what went wrong. */
export function describeFailure(cause: unknown): readonly string[] {
  if (cause instanceof SteepestError && cause.kind === "cancelled") return ["interrupted"];
  if (cause instanceof SteepestError) return cause.issues.flatMap(linesOf);
  return [`error: ${cause instanceof Error ? cause.message : String(cause)}`];
}

/** The exit status for what was thrown. */
export function statusOf(cause: unknown): number {
  if (cause instanceof CommanderError) return cause.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (cause instanceof SteepestError) return STATUS[cause.kind];
  return EXIT.failure;
}
