/**
 * Steepest: an optimizer is a value. The compiler turns that value, together with the function it is
 * to minimise, into WebGPU kernels that run a whole training step without coming back to the host.
 *
 * @example
 * ```ts
 * import { add, minimize, mul, nasgd, objective, square, sub } from "@steepest/steepest";
 * import assert from "node:assert/strict";
 *
 * const rosenbrock = objective({
 *   parameters: { x: -3, y: -4 },
 *   loss: ({ x, y }) => add(square(sub(1, x)), mul(100, square(sub(y, square(x))))),
 * });
 * const run = await minimize(rosenbrock, nasgd({ alpha: 1.6 }), {
 *   until: 1e-6,
 *   maxSteps: 2000,
 *   backend: "reference",
 * });
 * assert(run.reached);
 * ```
 *
 * @module
 */

// Words with two meanings, and one that both the graph and the layers have, come before the rest.
export { abs, add, constant, factored, floor, max, sign, sum } from "./src/runtime/words.ts";
export { tanh } from "./src/nn/activations.ts";

// Errors.
export * from "./src/errors.ts";

// The graph.
export type {
  Affine,
  AffineMap,
  BinaryFn,
  CompareFn,
  DType,
  Loop,
  Node,
  Op,
  OpKind,
  OpOf,
  ReduceFn,
  Shape,
  UnaryFn,
} from "./src/tensor/node.ts";
export * from "./src/tensor/ops.ts";

// Layers, losses, initialisers, models.
export * from "./src/nn/activations.ts";
export * from "./src/nn/dropout.ts";
export * from "./src/nn/initial.ts";
export { conv2d, type ConvolutionOptions, dense, flatten, type Pair } from "./src/nn/layers.ts";
export * from "./src/nn/losses.ts";
export type { Mode, RandomSource } from "./src/nn/mode.ts";
export * from "./src/nn/models.ts";
export type * from "./src/nn/parameters.ts";
export * from "./src/nn/pooling.ts";

// Objectives.
export {
  type BatchSpecification,
  type Slots,
  type TensorSlot,
  u32,
} from "./src/objective/batch.ts";
export * from "./src/objective/classification.ts";
export type { Leaf } from "./src/objective/leaves.ts";
export {
  type BatchTensors,
  categorical,
  type CustomLikelihood,
  gaussian,
  type Likelihood,
} from "./src/objective/likelihood.ts";
export {
  type BatchOf,
  type Build,
  type Instance,
  type LikelihoodDescription,
  type LossDescription,
  type Objective,
  objective,
  type ObjectiveDescription,
} from "./src/objective/objective.ts";

// The language.
export * from "./src/optimizer/annealing.ts";
export type * from "./src/optimizer/blocks.ts";
export * from "./src/optimizer/calculating.ts";
export * from "./src/optimizer/combinators.ts";
export * from "./src/optimizer/curvature.ts";
export * from "./src/optimizer/damping.ts";
export * from "./src/optimizer/derived.ts";
export * from "./src/optimizer/gain_adapted.ts";
export * from "./src/optimizer/iterative.ts";
export * from "./src/optimizer/last.ts";
export * from "./src/optimizer/length.ts";
export * from "./src/optimizer/line_search.ts";
export * from "./src/optimizer/parameter_norms.ts";
export * from "./src/optimizer/predicate.ts";
export * from "./src/optimizer/schedule.ts";
export { type Selection, selections } from "./src/optimizer/selections.ts";
export {
  type Plateau,
  plateau,
  type Reading,
  type Signal,
  signal,
  type SignalKind,
  type SignalName,
} from "./src/optimizer/signal.ts";
export type { NewtonSchulzCoefficients } from "./src/linalg/newton_schulz.ts";
export * from "./src/optimizer/solver.ts";
export * from "./src/optimizer/structure.ts";
export * from "./src/optimizer/subspace.ts";
export * from "./src/optimizer/kronecker.ts";
export * from "./src/optimizer/transforms.ts";
export type * from "./src/optimizer/types.ts";
export * from "./src/optimizer/wrappers.ts";
export { decode, encode } from "./src/optimizer/codec.ts";
export { type ContentHash, contentHash } from "./src/optimizer/content_hash.ts";
export {
  type Hyperparameter,
  type HyperparameterKind,
  hyperparameters,
} from "./src/optimizer/hyperparameters.ts";
export { type Need, needs, type Provision } from "./src/optimizer/needs.ts";
export {
  type CountName,
  type Reduction,
  TELEMETRY,
  TELEMETRY_NAMES,
  type TelemetryCost,
  type TelemetryName,
} from "./src/optimizer/telemetry.ts";

// The catalogue.
export * from "./src/optimizer/catalogue/adadelta.ts";
export * from "./src/optimizer/catalogue/adafactor.ts";
export * from "./src/optimizer/catalogue/adagrad.ts";
export * from "./src/optimizer/catalogue/adahessian.ts";
export * from "./src/optimizer/catalogue/adam.ts";
export * from "./src/optimizer/catalogue/adam_relatives.ts";
export * from "./src/optimizer/catalogue/adamw.ts";
export * from "./src/optimizer/catalogue/adaptive_sgd.ts";
export * from "./src/optimizer/catalogue/hessian_free.ts";
export * from "./src/optimizer/catalogue/kfac.ts";
export * from "./src/optimizer/catalogue/layerwise.ts";
export * from "./src/optimizer/catalogue/levenberg_marquardt.ts";
export * from "./src/optimizer/catalogue/muon.ts";
export * from "./src/optimizer/catalogue/nasgd.ts";
export * from "./src/optimizer/catalogue/natural_variants.ts";
export {
  ogr1d,
  ogr1dc,
  ogr1ds,
  ONLINE_PARABOLA,
  type OnlineParabolaOptions,
  type SaddleChoice,
} from "./src/optimizer/catalogue/online_parabola.ts";
export * from "./src/optimizer/catalogue/online_paraboloid.ts";
export * from "./src/optimizer/catalogue/newton.ts";
export * from "./src/optimizer/catalogue/normalized_natural.ts";
export * from "./src/optimizer/catalogue/polyak.ts";
export * from "./src/optimizer/catalogue/prodigy.ts";
export * from "./src/optimizer/catalogue/quasi_newton.ts";
export * from "./src/optimizer/catalogue/radam.ts";
export * from "./src/optimizer/catalogue/by_name.ts";
export * from "./src/optimizer/catalogue/registry.ts";
export * from "./src/optimizer/catalogue/rmsprop.ts";
export * from "./src/optimizer/catalogue/sam.ts";
export * from "./src/optimizer/catalogue/schedule_free.ts";
export * from "./src/optimizer/catalogue/sgd.ts";
export * from "./src/optimizer/catalogue/shampoo.ts";
export * from "./src/optimizer/catalogue/sign.ts";
export * from "./src/optimizer/catalogue/soap.ts";
export * from "./src/optimizer/catalogue/sophia.ts";

// In the unified view's words.
export { classify, classifyStages, type Row, type StageRow } from "./src/taxonomy/classify.ts";
export { costInGradients, explain, type ExplainOptions } from "./src/taxonomy/explain.ts";

// Compiling and running.
export type {
  Arena,
  ArenaEntry,
  Assignment,
  EvaluationSource,
  Region,
  Slot,
  SlotRole,
  StepProgram,
} from "./src/lowering/program.ts";
export * from "./src/compiler/describe.ts";
export type * from "./src/compiler/plan.ts";
export type { DeviceLimits } from "./src/loops/adapter.ts";
export { compile } from "./src/runtime/compile.ts";
export {
  acquireDevice,
  type DeviceHandle,
  wrapDevice,
  type WrapOptions,
} from "./src/runtime/device.ts";
export type { BackendName } from "./src/runtime/executor.ts";
export type { CompileOptions } from "./src/runtime/options.ts";
export type { CompileProgress, CompileStage } from "./src/runtime/compile_progress.ts";
export type {
  Controls,
  CurrentValue,
  CurrentValues,
  HyperparameterValues,
} from "./src/runtime/controls.ts";
export type { Telemetry } from "./src/runtime/telemetry.ts";
export { getOrThrow, type Program, type ReplicaView } from "./src/runtime/program.ts";

// Data.
export * from "./src/data/dataset.ts";
export { digits, type DigitsOptions } from "./src/data/digits.ts";
export * from "./src/data/idx.ts";
export * from "./src/data/mnist.ts";

// Training.
export * from "./src/training/minimize.ts";
export { train } from "./src/training/train.ts";
export type { Backend, TrainOptions } from "./src/training/options.ts";
export type { Progress } from "./src/training/progress.ts";
export * from "./src/training/result.ts";
export {
  type FunctionSweep,
  type ModelSweep,
  sweep,
  type SweepSettings,
} from "./src/training/sweep.ts";
export type {
  FailedTrial,
  SweepProgress,
  SweepResult,
  Trial,
} from "./src/training/sweep_result.ts";
export type {
  FunctionRun,
  FunctionVariation,
  ModelRun,
  ModelVariation,
  SeedVariation,
  SweepMetric,
} from "./src/training/sweep_runs.ts";
export {
  type Choices,
  grid,
  type GridPoint,
  randomTrials,
  type Range,
  type Settings,
} from "./src/training/trials.ts";
