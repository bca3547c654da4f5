/** Programs that the benchmarks run. */
import type { Split } from "../src/data/dataset.ts";
import { digits } from "../src/data/digits.ts";
import type { Parameters } from "../src/nn/parameters.ts";
import { mnistCnn } from "../src/nn/models.ts";
import { classification } from "../src/objective/classification.ts";
import { objective } from "../src/objective/objective.ts";
import type { Optimizer } from "../src/optimizer/types.ts";
import { zeros } from "../src/nn/initial.ts";
import { compile } from "../src/runtime/compile.ts";
import { getOrThrow, type Program } from "../src/runtime/program.ts";
import { mul, square, sum } from "../src/tensor/ops.ts";
import { deviceBatches } from "../src/training/batches.ts";

/** Where benchmarks run. */
type BenchBackend = "webgpu" | "js";

/** How {@link trainingProgram} trains. */
interface TrainingOptions {
  readonly batchSize: number;
  readonly backend: BenchBackend;
  /** Decides parameters, order and dropout. */
  readonly seed?: number;
  readonly dropout?: boolean;
  readonly replicas?: number;
}

/** Training steps of the MNIST CNN on images that lie on the device, where batches are gathered. */
export async function trainingProgram(
  optimizer: Optimizer,
  train: Split,
  { batchSize, backend, seed = 0, dropout = true, replicas = 1 }: TrainingOptions,
): Promise<Program<Parameters>> {
  const batches = deviceBatches({
    columns: {
      x: { kind: "bytes", values: train.images },
      y: { kind: "bytes", values: train.labels },
    },
    count: train.count,
    batchSize,
    order: "shuffled",
  });
  const compiled = await compile(classification(mnistCnn({ dropout }), batchSize), optimizer, {
    backend,
    seed,
    replicas,
    transform: batches.transform,
    data: Object.fromEntries(batches.data),
  })();
  return getOrThrow(compiled) as unknown as Program<Parameters>;
}

/** One training step of the MNIST CNN without dropout, on drawn digits. */
export async function cnnProgram(
  optimizer: Optimizer,
  backend: BenchBackend,
  options: Partial<Omit<TrainingOptions, "backend">> = {},
): Promise<Program<Parameters>> {
  const { batchSize = 60, dropout = false, ...rest } = options;
  const { train } = digits({ train: 2400, test: 1 });
  return await trainingProgram(optimizer, train, { ...rest, batchSize, backend, dropout });
}

/** An optimizer on ½‖θ‖², whose gradient costs nothing: the update alone. */
export async function updateProgram(
  optimizer: Optimizer,
  size: number,
  backend: BenchBackend,
): Promise<Program<Parameters>> {
  const bowl = objective({
    parameters: { theta: zeros([size]) },
    loss: ({ theta }) => mul(0.5, sum(square(theta))),
  });
  return getOrThrow(await compile(bowl, optimizer, { backend })()) as unknown as Program<
    Parameters
  >;
}

/** Whether there is a GPU adapter. */
export async function hasAdapter(): Promise<boolean> {
  return (await navigator.gpu?.requestAdapter() ?? null) !== null;
}
