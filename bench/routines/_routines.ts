/** The routines of the compiler, each as a graph and as the kernel that one would write first. */
import { gradient } from "../../src/autodiff/vjp.ts";
import { conv2d } from "../../src/nn/layers.ts";
import type { Node, Shape } from "../../src/tensor/node.ts";
import { sizeOf } from "../../src/tensor/node.ts";
import {
  add,
  dot,
  gather,
  input,
  matmul,
  mul,
  repeat,
  reshape,
  sqrt,
  square,
  sub,
  sum,
  tanh,
} from "../../src/tensor/ops.ts";

/** A routine. */
export interface Routine {
  readonly name: string;
  /** What is computed from inputs, in the order that the naive kernel binds them. */
  readonly inputs: readonly Node[];
  readonly output: Node;
  /** An invocation of the naive kernel, which makes element `i` of `out`. */
  readonly naive: string;
  /** How many times the naive kernel runs, each on what the one before made of the first input. */
  readonly times: number;
  /** Floating-point operations, and the bytes that have to be read and written once. */
  readonly flops: number;
  readonly bytes: number;
}

const words = (nodes: readonly Node[]) => nodes.reduce((n, { shape }) => n + sizeOf(shape), 0);

function routine(
  name: string,
  inputs: readonly Node[],
  output: Node,
  flops: number,
  naive: string,
  times = 1,
): Routine {
  return { name, inputs, output, naive, times, flops, bytes: 4 * words([...inputs, output]) };
}

const matrix = (name: string, ...shape: Shape) => input(name, shape);

function product(m: number, n: number, k: number): Routine {
  const a = matrix("a", m, k), b = matrix("b", k, n);
  const naive = `var s = 0.0;
  for (var k = 0u; k < ${k}u; k++) { s += a[i / ${n}u * ${k}u + k] * b[k * ${n}u + i % ${n}u]; }
  out[i] = s;`;
  return routine(`matmul ${m} × ${n} × ${k}`, [a, b], matmul(a, b), 2 * m * n * k, naive);
}

/** Images, channels in and out, and the widths of images, filters and outputs of a convolution. */
const N = 60, IN = 10, OUT = 20, X = 12, F = 5, Y = X - F + 1;
const CONVOLVED = 2 * N * OUT * Y * Y * IN * F * F;

const atX = (c: string, y: string, x: string) =>
  `((n * ${IN}u + ${c}) * ${X}u + ${y}) * ${X}u + ${x}`;
const atW = (o: string, c: string, y: string, x: string) =>
  `((${o} * ${IN}u + ${c}) * ${F}u + ${y}) * ${F}u + ${x}`;
const atY = (o: string, y: string, x: string) =>
  `((n * ${OUT}u + ${o}) * ${Y}u + ${y}) * ${Y}u + ${x}`;
const loop = (index: string, to: number, body: string) =>
  `for (var ${index} = 0u; ${index} < ${to}u; ${index}++) { ${body} }`;
const loops = (over: Readonly<Record<string, number>>, body: string) =>
  Object.entries(over).reduceRight((inner, [index, to]) => loop(index, to, inner), body);

function convolutions(): readonly Routine[] {
  const x = matrix("x", N, IN, X, X), w = matrix("w", OUT, IN, F, F), g = matrix("g", N, OUT, Y, Y);
  const y = conv2d(x, w);
  const [dx, dw] = gradient(dot(y, g), [x, w]) as [Node, Node];
  const title = `${N} × ${IN} × ${X} × ${X} by ${OUT} × ${F} × ${F}`;
  const forward = `let n = i / ${OUT * Y * Y}u; let o = i / ${
    Y * Y
  }u % ${OUT}u; let y = i / ${Y}u % ${Y}u; let q = i % ${Y}u;
  var s = 0.0;
  ${
    loops(
      { c: IN, v: F, u: F },
      `s += x[${atX("c", "(y + v)", "q + u")}] * w[${atW("o", "c", "v", "u")}];`,
    )
  }
  out[i] = s;`;
  const toX = `let n = i / ${IN * X * X}u; let c = i / ${
    X * X
  }u % ${IN}u; let y = i / ${X}u % ${X}u; let q = i % ${X}u;
  var s = 0.0;
  ${
    loops(
      { o: OUT, v: F, u: F },
      `if (y >= v && y - v < ${Y}u && q >= u && q - u < ${Y}u) { s += g[${
        atY("o", "(y - v)", "q - u")
      }] * w[${atW("o", "c", "v", "u")}]; }`,
    )
  }
  out[i] = s;`;
  const toW = `let o = i / ${IN * F * F}u; let c = i / ${
    F * F
  }u % ${IN}u; let v = i / ${F}u % ${F}u; let u = i % ${F}u;
  var s = 0.0;
  ${
    loops(
      { n: N, y: Y, q: Y },
      `s += g[${atY("o", "y", "q")}] * x[${atX("c", "(y + v)", "q + u")}];`,
    )
  }
  out[i] = s;`;
  return [
    routine(`convolution ${title}`, [x, w], y, CONVOLVED, forward),
    routine(`its gradient to the images`, [g, w], dx, CONVOLVED, toX),
    routine(`its gradient to the filters`, [g, x], dw, CONVOLVED, toW),
  ];
}

/** Few enough for one invocation: lavapipe ends an invocation's loops after 65535 turns. */
const SHORT = 1 << 15;
const SIDE = 1024;

function long(): readonly Routine[] {
  const size = SIDE * SIDE;
  const [a, b, c] = ["a", "b", "c"].map((name) => matrix(name, size)) as [Node, Node, Node];
  const x = matrix("x", SHORT), grid = matrix("x", SIDE, SIDE);
  const total = `var s = 0.0; ${loop("k", SHORT, "s += x[k] * x[k];")} out[i] = s;`;
  const row = `var s = 0.0; ${
    loop("k", SIDE, `let y = x[i * ${SIDE}u + k]; s += y * y;`)
  } out[i] = s;`;
  const update = add(sub(a, mul(0.1, b)), sqrt(square(c)));
  const updated = "out[i] = a[i] - 0.1 * b[i] + sqrt(c[i] * c[i]);";
  return [
    routine("sum of 2¹⁵ squares", [x], reshape(sum(square(x)), [1]), 2 * SHORT, total),
    routine("1024 sums of 1024 squares", [grid], sum(square(grid), [1]), 2 * size, row),
    routine("elementwise on 2²⁰", [a, b, c], update, 4 * size, updated),
  ];
}

function rows(): Routine {
  const table = matrix("table", 4096, 256), indices = input("indices", [2048], "u32");
  const naive = "out[i] = table[indices[i / 256u] * 256u + i % 256u];";
  return routine("2048 rows of 256 gathered", [table, indices], gather(table, indices), 0, naive);
}

function looped(): Routine {
  const width = 128, times = 16;
  const x = matrix("x", width, 1), w = matrix("w", width, width);
  const carried = input("carried", [width, 1]), weights = input("weights", [width, width]);
  const body = { times, formals: [carried, weights], next: [tanh(matmul(weights, carried))] };
  const [last] = repeat(body, [x], [w]);
  const naive = `var s = 0.0; ${
    loop("k", width, `s += w[i * ${width}u + k] * x[k];`)
  } out[i] = tanh(s);`;
  return routine(
    `loop of ${times} products`,
    [x, w],
    last!,
    2 * width * width * times,
    naive,
    times,
  );
}

/** All of them. */
export const ROUTINES: readonly Routine[] = [
  product(256, 256, 256),
  product(60, 50, 320),
  ...convolutions(),
  ...long(),
  rows(),
  looped(),
];
