/**
 * A small plan by hand: θ ← (1 − α·s)·θ with s ← 0.5·s + 0.5, for several replicas.
 * One rounding an update, so that a device that contracts a·b + c has the same bits.
 */
import type { Plan } from "../../src/compiler/plan.ts";
import type { Slot } from "../../src/lowering/program.ts";
import { add, input, mul, sub } from "../../src/tensor/ops.ts";

export const SIZE = 3;

const slots: readonly Slot[] = [
  {
    name: "theta",
    role: "parameters",
    shape: [SIZE],
    dtype: "f32",
    initial: [1, 2, 3],
    perReplica: true,
  },
  { name: "copied", role: "state", shape: [SIZE], dtype: "f32", initial: 0, perReplica: true },
  { name: "s", role: "state", shape: [], dtype: "f32", initial: 0, perReplica: true },
  { name: "n", role: "state", shape: [], dtype: "f32", initial: 0, perReplica: true },
  { name: "alpha", role: "hyper", shape: [], dtype: "f32", initial: 0.5, perReplica: true },
  { name: "step", role: "clock", shape: [], dtype: "u32", initial: 0, perReplica: false },
  { name: "seed", role: "clock", shape: [], dtype: "u32", initial: 0, perReplica: true },
  { name: "loss", role: "record", shape: [], dtype: "f32", perReplica: true },
];

const WGSL = `
@group(0) @binding(0) var<storage, read_write> theta: array<f32>;
@group(0) @binding(1) var<storage, read> scalars: array<f32>;
@group(0) @binding(2) var<storage, read_write> records: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let r = id.x;
  if (r >= REPLICASu) { return; }
  records[r] = theta[r * 3u];
  for (var i = 0u; i < 3u; i++) {
    theta[r * 3u + i] = scalars[r] * theta[r * 3u + i];
  }
}`;

const JS = `
for (let r = 0; r < REPLICAS; r++) {
  f2[r] = f0[r * 3];
  for (let i = 0; i < 3; i++) {
    f0[r * 3 + i] = f1[r] * f0[r * 3 + i];
  }
}`;

/** The plan for a target. `copied` takes θ's value at steps 1, 4, 7, … */
export function decayPlan(target: "wgsl" | "js", replicas: number): Plan {
  const source = (target === "wgsl" ? WGSL : JS).replaceAll("REPLICAS", `${replicas}`);
  const scalar = (name: string, version = 0) => input(name, [], "f32", version);
  return {
    target,
    replicas,
    arena: { size: SIZE, entries: [{ path: "x", shape: [SIZE], offset: 0, size: SIZE }] },
    slots,
    buffers: [
      { label: "theta", words: 2 * SIZE * replicas, kind: "device" },
      { label: "scalars", words: replicas, kind: "scalars" },
      { label: "records", words: replicas, kind: "records" },
      {
        label: "constants",
        words: 2 * SIZE,
        kind: "device",
        initial: new Uint32Array(Float32Array.of(9, 8, 7, 6, 5, 4).buffer),
      },
    ],
    kernels: [{
      label: "decay",
      bindings: [
        { buffer: 0, access: "write" },
        { buffer: 1, access: "read" },
        { buffer: 2, access: "write" },
      ],
      source,
      workgroupSize: 64,
      flops: 6,
      words: 12,
    }],
    regions: [
      {
        period: 1,
        offset: 0,
        commands: [{
          kind: "dispatch",
          kernel: 0,
          workgroups: [Math.ceil(replicas / 64), 1, 1],
        }],
      },
      {
        period: 3,
        offset: 1,
        commands: [{
          kind: "copy",
          from: { buffer: 0, offset: 0 },
          to: { buffer: 0, offset: SIZE * replicas },
          words: SIZE * replicas,
        }],
      },
    ],
    places: new Map([
      ["theta", { buffer: 0, offset: 0, shape: [SIZE], perReplica: true, dtype: "f32" }],
      ["copied", {
        buffer: 0,
        offset: SIZE * replicas,
        shape: [SIZE],
        perReplica: true,
        dtype: "f32",
      }],
      ["shared", { buffer: 3, offset: SIZE, shape: [SIZE], perReplica: false, dtype: "f32" }],
    ]),
    records: new Map([["loss", 0]]),
    swaps: [],
    hostScalars: [{
      node: sub(1, mul(scalar("alpha"), scalar("s", 1))),
      dtype: "f32",
      word: 0,
      perReplica: true,
    }],
    hostState: [{
      slot: "s",
      initial: 0,
      updates: [{ period: 1, offset: 0, node: add(mul(0.5, scalar("s")), 0.5) }],
    }, {
      slot: "n",
      initial: 0,
      updates: [
        { period: 2, offset: 1, node: add(scalar("n"), 1) },
        { period: 1, offset: 0, node: add(scalar("n", 1), 100) },
      ],
    }],
  };
}

/** What the plan does, in f32: θ of one replica after `steps`, and the losses. */
export function decay(alpha: number, steps: number): { theta: Float32Array; losses: number[] } {
  const theta = Float32Array.of(1, 2, 3);
  const losses: number[] = [];
  let s = 0;
  for (let t = 0; t < steps; t++) {
    s = 0.5 * s + 0.5;
    losses.push(theta[0]!);
    const keep = Math.fround(1 - alpha * s);
    for (let i = 0; i < SIZE; i++) {
      theta[i]! *= keep;
    }
  }
  return { theta, losses };
}
