import * as E from "fp-ts/lib/Either.js";
import fc from "fast-check";
import {
  type Checkpoint,
  decodeCheckpoint,
  encodeCheckpoint,
} from "../../src/runtime/checkpoint.ts";
import { getOrThrow } from "../../src/runtime/program.ts";
import { assert, assertEquals, assertStringIncludes } from "../_assert.ts";

const checkpoint: Checkpoint = {
  identity: "0123 x[2]",
  replicas: 2,
  precision: "f32",
  step: 41,
  changed: { "1/scale/by": { kind: "linear", from: 1, to: 0, steps: 9 } },
  slots: new Map([
    ["theta", Float64Array.of(1, -0, Infinity, Math.fround(0.1))],
    ["state/count", Float64Array.of(4294967295)],
    ["none", new Float64Array(0)],
  ]),
};

Deno.test("decodeCheckpoint() gives back what was encoded", () => {
  assertEquals(getOrThrow(decodeCheckpoint(encodeCheckpoint(checkpoint))), checkpoint);
});

Deno.test("decodeCheckpoint() refuses bytes that were cut, changed or foreign", () => {
  const bytes = encodeCheckpoint(checkpoint);
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const changed = bytes.slice();
      changed[at]! ^= by;
      for (const wrong of [bytes.subarray(0, at), changed]) {
        const decoded = decodeCheckpoint(wrong);
        assert(E.isLeft(decoded));
        assertEquals(decoded.left.kind, "checkpoint");
      }
    }),
    { seed: 3, numRuns: 300 },
  );
  const foreign = decodeCheckpoint(new TextEncoder().encode("GIF89a..............."));
  assert(E.isLeft(foreign));
  assertStringIncludes(foreign.left.message, "STEEPEST");
});
