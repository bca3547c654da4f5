/** Calls of what compiles, runs and reads data. */
import * as steepest from "../../mod.ts";
import { given, optimizer, optional, optionals, options, row, type Rows } from "./_arguments.ts";
import { type Argument, NAMES, WRONG } from "./_wrong.ts";

const bowl = WRONG.objective;
const model = steepest.mlp({ input: [1, 28, 28], classes: 10 });
const data = steepest.digits({ train: 12, test: 4 });
/** An IDX file of bytes. */
function idx(extents: readonly number[], byte: number): Uint8Array {
  const size = extents.reduce((a, b) => a * b, 1);
  const header = extents.flatMap((extent) => [0, 0, extent >> 8, extent & 255]);
  return new Uint8Array([0, 0, 8, extents.length, ...header, ...new Array(size).fill(byte)]);
}

const files: Readonly<Record<string, Uint8Array>> = Object.fromEntries(
  ["train", "t10k"].flatMap((part) => [
    [`${part}-images-idx3-ubyte`, idx([2, 28, 28], 100)],
    [`${part}-labels-idx1-ubyte`, idx([2], 3)],
  ]),
);
const reader: steepest.DirectoryReader = {
  list: () => Promise.resolve(Object.keys(files)),
  read: (_, name) => Promise.resolve(files[name]!),
};
const device = {
  lost: new Promise(() => {}),
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
};

const backend = given("reference", "undefined");
const counts = optional(1, "three");
const running: Readonly<Record<string, Argument>> = {
  backend,
  precision: optional("f64"),
  seed: optional(4, "three"),
  replicas: counts,
  parameters: optional({ x: 1 }, "object"),
  data: optional({}, "object"),
  telemetry: optional([], "list"),
  onCompiling: optional(() => undefined, "function"),
  device: optional(undefined),
  limits: optional({}, "object"),
  signal: optional(new AbortController().signal),
};
const { replicas: _, ...alone } = running;

/** What compiles and runs. */
export const RUNNING: Rows = {
  compile: row(
    (...given: Parameters<typeof steepest.compile>) => steepest.compile(...given)(),
    given(bowl, "objective"),
    optimizer,
    optionals({ ...running, transform: optional((program: unknown) => program, "function") }),
  ),
  minimize: row(
    steepest.minimize,
    given(bowl, "objective"),
    optimizer,
    options({
      ...running,
      steps: given(1, "three"),
      record: optional("all"),
      set: optional({}, "object"),
    }),
  ),
  train: row(
    steepest.train,
    options({
      model: given(model),
      data: given(data),
      optimizer,
      epochs: counts,
      batchSize: given(4, "undefined", "three"),
      seed: optional(4, "three"),
      replicas: counts,
      set: optional({}, "object"),
      backend: given("js", "undefined"),
      limits: optional({}, "object"),
      telemetry: optional([], "list"),
      signal: optional(new AbortController().signal),
      onProgress: optional(() => undefined, "function"),
      onCompiling: optional(() => undefined, "function"),
      evaluateEvery: counts,
    }),
  ),
  minimizeUntil: row(
    steepest.minimize,
    given(bowl, "objective"),
    optimizer,
    options({
      backend,
      until: given(0.5, "three", "fraction", "negative"),
      maxSteps: given(2, "three"),
    }),
  ),
  sweepOnModel: row(
    steepest.sweep,
    options({
      model: given(model),
      data: given(data),
      optimizer: given(() => steepest.sgd()),
      trials: given([{}]),
      vary: optional(() => ({ epochs: 1 })),
      batchSize: given(4, "undefined", "three"),
      by: optional("testAccuracy"),
      seed: optional(1, "three"),
      onProgress: optional(() => undefined, "function"),
      backend: given("js", "undefined"),
    }),
  ),
  sweep: row(
    steepest.sweep,
    options({
      ...alone,
      objective: given(bowl, "objective"),
      optimizer: given(() => steepest.sgd()),
      trials: given([{}]),
      vary: optional(() => ({})),
      steps: given(1, "three"),
      sideBySide: optional(2, "three"),
      onProgress: optional(() => undefined, "function"),
    }),
  ),
  grid: row(steepest.grid, given({ a: [1] }, "object")),
  randomTrials: row(
    steepest.randomTrials,
    given({ a: [1], b: { kind: "log", from: 1, to: 2 } }, "object"),
    given(2, "three"),
    optional(1, "three"),
  ),
  describe: row(steepest.describe, {
    ...options({ backend: given("reference", ...NAMES), plan: optional(undefined) }),
    open: true,
  }),
  getOrThrow: row(steepest.getOrThrow, given({ _tag: "Right", right: 1 })),
};

/** Data sets. */
export const DATA: Rows = {
  digits: row(
    steepest.digits,
    optionals({
      train: optional(2, "three"),
      test: optional(2, "three"),
      seed: optional(1, "three", "negative"),
    }),
  ),
  pixelStatistics: row(steepest.pixelStatistics, given(new Uint8Array(3))),
  decodeIdx: row(
    steepest.decodeIdx,
    given(new Uint8Array([0, 0, 8, 1, 0, 0, 0, 1, 7])),
    optional("file", "text"),
  ),
  mnistFromFiles: row(
    (files: Parameters<typeof steepest.mnistFromFiles>[0]) => steepest.mnistFromFiles(files),
    given(files),
  ),
  mnist: row(
    steepest.mnist,
    options({
      directory: given("x", "text"),
      reader: {
        ...options({ list: given(reader.list), read: given(reader.read) }),
        open: true,
      },
    }),
  ),
  wrapDevice: row(
    steepest.wrapDevice,
    given(device),
    optionals({
      description: optional("a device", "text"),
      software: optional(false, "true"),
      owned: optional(false, "true"),
      onEnd: optional(() => undefined, "function"),
    }),
  ),
};
