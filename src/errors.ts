/**
 * The one error of the public face, and the issues it carries.
 *
 * @module
 */

/** One thing that is wrong, and where. */
export interface Issue {
  /** Where: a path such as `chain/1/decay` or `train-images-idx3-ubyte.gz/header`. */
  readonly path: string;
  /** What was found there. */
  readonly found: string;
  /** What was expected there. */
  readonly expected: string;
  /** One sentence for a person. */
  readonly message: string;
}

/** What kind of thing went wrong. */
export type ErrorKind =
  /** An optimizer, objective or option that makes no sense as it was written. */
  | "description"
  /** Tensors whose shapes or element types do not fit. */
  | "shape"
  /** Something that an optimizer asks for and the objective does not provide. */
  | "need"
  /** More than the device allows: bindings, bytes, workgroups. */
  | "limit"
  /** A kernel that the device's compiler refuses. */
  | "shader"
  /** No adapter, a device that failed or was lost, or a program that was disposed. */
  | "device"
  /** Files or batches that are damaged or do not fit. */
  | "data"
  /** Bytes that are no checkpoint of this program. */
  | "checkpoint"
  /** The caller's signal was aborted. */
  | "cancelled";

/** Builds an {@link Issue}; the message is made from the other three unless it is given. */
export function issue(path: string, found: string, expected: string, message?: string): Issue {
  return {
    path,
    found,
    expected,
    message: message ?? `${path === "" ? "Value" : path}: expected ${expected}, found ${found}`,
  };
}

/** Every failure of the library, with every problem that was found and its path. */
export class SteepestError extends Error {
  /** Always `"SteepestError"`, also across realms where `instanceof` does not hold. */
  override readonly name: string = "SteepestError";
  /** What kind of thing went wrong. */
  readonly kind: ErrorKind;
  /** Every problem found, not only the first. */
  readonly issues: readonly Issue[];

  /** Makes the error of a kind; its message has a line for each issue. */
  constructor(kind: ErrorKind, issues: readonly Issue[], options?: ErrorOptions) {
    super(issues.map((i) => i.message).join("\n"), options);
    this.kind = kind;
    this.issues = issues;
  }
}

/** A {@link SteepestError} with a single issue. */
export function failure(
  kind: ErrorKind,
  path: string,
  found: string,
  expected: string,
  message?: string,
): SteepestError {
  return new SteepestError(kind, [issue(path, found, expected, message)]);
}
