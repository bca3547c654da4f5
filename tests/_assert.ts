/**
 * The assertions of every test: `@std/assert` where JSR can be reached, and an adapter of the same
 * signatures over `node:assert` where it cannot, so that one configuration and one command work on
 * both kinds of machine. {@link source} tells which of the two is in use.
 */

import nodeAssert from "node:assert/strict";
import { inspect, isDeepStrictEqual } from "node:util";

/** The constructor of an error; abstract ones are allowed, as they are in `@std/assert`. */
// deno-lint-ignore no-explicit-any
export type ErrorClass<T extends Error = Error> = abstract new (...parameters: any[]) => T;

/** The assertions used in this repository: a subset of `@std/assert`. */
export interface Assertions {
  assert(expression: unknown, message?: string): asserts expression;
  assertAlmostEquals(actual: number, expected: number, tolerance?: number, message?: string): void;
  assertArrayIncludes<T>(
    actual: ArrayLike<T>,
    expected: ArrayLike<T>,
    message?: string,
  ): void;
  assertEquals<T>(actual: T, expected: T, message?: string): void;
  assertExists<T>(actual: T, message?: string): asserts actual is NonNullable<T>;
  assertGreater<T>(actual: T, expected: T, message?: string): void;
  assertGreaterOrEqual<T>(actual: T, expected: T, message?: string): void;
  assertInstanceOf<T extends abstract new (...parameters: never[]) => unknown>(
    actual: unknown,
    expected: T,
    message?: string,
  ): asserts actual is InstanceType<T>;
  assertLess<T>(actual: T, expected: T, message?: string): void;
  assertLessOrEqual<T>(actual: T, expected: T, message?: string): void;
  assertMatch(actual: string, expected: RegExp, message?: string): void;
  assertNotEquals<T>(actual: T, expected: T, message?: string): void;
  assertRejects<E extends Error = Error>(
    run: () => PromiseLike<unknown>,
    errorClass?: ErrorClass<E>,
    messageIncludes?: string,
    message?: string,
  ): Promise<E>;
  assertStrictEquals<T>(actual: unknown, expected: T, message?: string): asserts actual is T;
  assertStringIncludes(actual: string, expected: string, message?: string): void;
  assertThrows<E extends Error = Error>(
    run: () => unknown,
    errorClass?: ErrorClass<E>,
    messageIncludes?: string,
    message?: string,
  ): E;
  fail(message?: string): never;
}

function failure(message: string, note: string | undefined): never {
  throw new nodeAssert.AssertionError({
    message: note === undefined ? message : `${message}: ${note}`,
  });
}

function checkError<E extends Error>(
  found: unknown,
  errorClass: ErrorClass<E> | undefined,
  messageIncludes: string | undefined,
  note: string | undefined,
): E {
  if (!(found instanceof Error)) failure(`Expected an Error, found ${inspect(found)}`, note);
  if (errorClass !== undefined && !(found instanceof errorClass)) {
    failure(`Expected ${errorClass.name}, found ${found.name}: ${found.message}`, note);
  }
  if (messageIncludes !== undefined && !found.message.includes(messageIncludes)) {
    failure(`Expected a message with "${messageIncludes}", found "${found.message}"`, note);
  }
  return found as E;
}

/** The comparisons work on numbers, bigints, strings and dates, as `<` does. */
function comparison(
  holds: (actual: never, expected: never) => boolean,
  words: string,
): <T>(actual: T, expected: T, message?: string) => void {
  return (actual, expected, message) => {
    if (!holds(actual as never, expected as never)) {
      failure(`Expected ${inspect(actual)} ${words} ${inspect(expected)}`, message);
    }
  };
}

/** The adapter; exported so that it is tested also where the original is in use. */
export const adapter: Assertions = {
  assert(expression, message) {
    if (!expression) failure(message ?? "Expected a truthy value", undefined);
  },
  assertAlmostEquals(actual, expected, tolerance, message) {
    if (Object.is(actual, expected)) return;
    // The default is relative, as in the original: a ten-millionth of what is expected.
    const allowed = tolerance ?? (Number.isFinite(expected) ? Math.abs(expected * 1e-7) : 1e-7);
    const distance = Math.abs(expected - actual);
    if (distance <= allowed) return;
    failure(`Expected ${actual} within ${allowed} of ${expected}, it is ${distance} away`, message);
  },
  assertArrayIncludes(actual, expected, message) {
    const missing = Array.from(expected).filter((wanted) =>
      !Array.from(actual).some((found) => isDeepStrictEqual(found, wanted))
    );
    if (missing.length > 0) {
      failure(`Expected ${inspect(actual)} to include ${inspect(missing)}`, message);
    }
  },
  assertEquals(actual, expected, message) {
    nodeAssert.deepEqual(actual, expected, message);
  },
  assertExists(actual, message) {
    if (actual === undefined || actual === null) {
      failure(`Expected a value, found ${actual}`, message);
    }
  },
  assertGreater: comparison((a, b) => a > b, ">"),
  assertGreaterOrEqual: comparison((a, b) => a >= b, ">="),
  assertInstanceOf(actual, expected, message) {
    if (!(actual instanceof expected)) {
      failure(`Expected an instance of ${expected.name}, found ${inspect(actual)}`, message);
    }
  },
  assertLess: comparison((a, b) => a < b, "<"),
  assertLessOrEqual: comparison((a, b) => a <= b, "<="),
  assertMatch(actual, expected, message) {
    if (!expected.test(actual)) failure(`Expected "${actual}" to match ${expected}`, message);
  },
  assertNotEquals(actual, expected, message) {
    nodeAssert.notDeepEqual(actual, expected, message);
  },
  async assertRejects(run, errorClass, messageIncludes, message) {
    try {
      await run();
    } catch (error) {
      return checkError(error, errorClass, messageIncludes, message);
    }
    return failure("Expected a rejection, the promise was fulfilled", message);
  },
  assertStrictEquals(actual, expected, message) {
    if (!Object.is(actual, expected)) {
      failure(`Expected ${inspect(actual)} to be the same as ${inspect(expected)}`, message);
    }
  },
  assertStringIncludes(actual, expected, message) {
    if (!actual.includes(expected)) {
      failure(`Expected "${actual}" to include "${expected}"`, message);
    }
  },
  assertThrows(run, errorClass, messageIncludes, message) {
    try {
      run();
    } catch (error) {
      return checkError(error, errorClass, messageIncludes, message);
    }
    return failure("Expected an error, nothing was thrown", message);
  },
  fail(message) {
    return failure("Failed", message);
  },
};

const original: Assertions | null = await import("@std/assert").then(
  (module): Assertions => module as unknown as Assertions,
  () => null,
);

/** Where the assertions of this run come from. */
export const source: "@std/assert" | "node:assert" = original === null
  ? "node:assert"
  : "@std/assert";

const used: Assertions = original ?? adapter;

export const assert: Assertions["assert"] = used.assert;
export const assertAlmostEquals: Assertions["assertAlmostEquals"] = used.assertAlmostEquals;
export const assertArrayIncludes: Assertions["assertArrayIncludes"] = used.assertArrayIncludes;
export const assertEquals: Assertions["assertEquals"] = used.assertEquals;
export const assertExists: Assertions["assertExists"] = used.assertExists;
export const assertGreater: Assertions["assertGreater"] = used.assertGreater;
export const assertGreaterOrEqual: Assertions["assertGreaterOrEqual"] = used.assertGreaterOrEqual;
export const assertInstanceOf: Assertions["assertInstanceOf"] = used.assertInstanceOf;
export const assertLess: Assertions["assertLess"] = used.assertLess;
export const assertLessOrEqual: Assertions["assertLessOrEqual"] = used.assertLessOrEqual;
export const assertMatch: Assertions["assertMatch"] = used.assertMatch;
export const assertNotEquals: Assertions["assertNotEquals"] = used.assertNotEquals;
export const assertRejects: Assertions["assertRejects"] = used.assertRejects;
export const assertStrictEquals: Assertions["assertStrictEquals"] = used.assertStrictEquals;
export const assertStringIncludes: Assertions["assertStringIncludes"] = used.assertStringIncludes;
export const assertThrows: Assertions["assertThrows"] = used.assertThrows;
export const fail: Assertions["fail"] = used.fail;
