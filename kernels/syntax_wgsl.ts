/**
 * WGSL. Functions that drivers get wrong or lack (tanh at large arguments, powers of what is not positive,
 * erf, expm1, log1p) are ours; a test for non-finite values looks at the bits, because drivers fold `x != x` away.
 *
 * @module
 */
import type { BinaryFn, DType, UnaryFn } from "../src/loops/scalar.ts";
import { float32Literal } from "./literal.ts";
import { ORIGIN, ORIGIN_DECLARATION } from "./grid.ts";
import { inlineNames } from "./inline.ts";
import { wgslLanes } from "./lanes_wgsl.ts";
import { BITWISE, COMPARE, MIXED, UNARY } from "./operators_wgsl.ts";
import type { BoundBuffer, Syntax } from "./syntax.ts";

const FUNCTIONS: { readonly [F in UnaryFn]: (a: string) => string } = {
  ...UNARY,
  expm1: (a) => `expm1_(${a})`,
  log1p: (a) => `log1p_(${a})`,
  tanh: (a) => `tanh_(${a})`,
  erf: (a) => `erf_(${a})`,
  isFinite: (a) => `((bitcast<u32>(${a}) & 0x7f800000u) != 0x7f800000u)`,
};

const INFIX: { readonly [F in BinaryFn]?: string } = { ...MIXED, ...BITWISE };

/** By how many bits: WGSL does not shift by 32 or more. */
function shift(by: string): string {
  return /^\d+u$/.test(by) ? `${parseInt(by) & 31}u` : `(${by} & 31u)`;
}

function binary(fn: BinaryFn, a: string, b: string, dtype: DType): string {
  const infix = INFIX[fn];
  if (infix !== undefined) {
    if (fn === "xor" && dtype === "bool") return `(${a} != ${b})`;
    return `(${a} ${infix} ${b})`;
  }
  switch (fn) {
    case "div":
      // Drivers fold a quotient by a literal zero to 0; the product with infinity is what it should be.
      if (b === "0.0f") return `(${a} * ${float32Literal(Infinity)})`;
      if (b === "-0.0f") return `(${a} * ${float32Literal(-Infinity)})`;
      return `(${a} / ${b})`;
    case "rem":
      return `(${a} % ${b})`;
    case "shiftLeft":
      return `(${a} << ${shift(b)})`;
    case "shiftRight":
      return `(${a} >> ${shift(b)})`;
    case "pow":
      return `pow_(${a}, ${b})`;
    case "max":
      return `select(${a}, ${b}, ${b} > ${a})`;
    default:
      return `select(${a}, ${b}, ${b} < ${a})`;
  }
}

const TYPE: { readonly [D in DType]: string } = { f32: "f32", u32: "u32", bool: "bool" };

/** A word; of a buffer that is seen as vectors it is a component. */
function element(buffer: BoundBuffer, address: string): string {
  return buffer.element === "f32" || buffer.element === "u32"
    ? `b${buffer.position}[${address}]`
    : `${vector(buffer, `(${address}) / 4u`)}[(${address}) % 4u]`;
}

/** A vector of a buffer that is seen as such. */
function vector({ position, window }: BoundBuffer, address: string): string {
  return `b${position}[${address}${window === undefined ? "" : ` - ${window.first}`}]`;
}

/** What a loaded word means. */
function fromWord(word: string, element: BoundBuffer["element"], dtype: DType): string {
  const bits = element === "u32" || element === "vec4u";
  if (dtype === "bool") return `(${bits ? word : `bitcast<u32>(${word})`} != 0u)`;
  if (dtype === "f32") return bits ? `bitcast<f32>(${word})` : word;
  return bits ? word : `bitcast<u32>(${word})`;
}

function toWord(value: string, buffer: BoundBuffer, dtype: DType): string {
  const bits = buffer.element === "u32" || buffer.element === "vec4u";
  const word = dtype === "bool" ? `select(0u, 1u, ${value})` : value;
  if (dtype === "f32") return bits ? `bitcast<u32>(${word})` : word;
  return bits ? word : `bitcast<f32>(${word})`;
}

/** Our own functions, included in every kernel that uses them. */
export const WGSL_FUNCTIONS: Readonly<Record<string, string>> = {
  tanh_: `fn tanh_(v: f32) -> f32 {
  // NaN stays what it is, which a minimum would not let it.
  let a = select(abs(v), 15.0, abs(v) > 15.0);
  let s = v * v;
  let small = v * (1.0 + s * (-0.33333334 + s * (0.13333334 + s * (-0.053968254 + s * 0.021869488))));
  let large = 1.0 - 2.0 / (exp(2.0 * a) + 1.0);
  return select(select(large, -large, v < 0.0), small, a < 0.25);
}`,
  expm1_: `fn expm1_(v: f32) -> f32 {
  let small = v * (1.0 + v * (0.5 + v * (0.16666667 + v * (0.041666668 + v * (0.008333334 + v * 0.0013888889)))));
  return select(exp(v) - 1.0, small, abs(v) < 0.35);
}`,
  log1p_: `fn log1p_(v: f32) -> f32 {
  let r = v / (2.0 + v);
  let s = r * r;
  let small = 2.0 * r * (1.0 + s * (0.33333334 + s * (0.2 + s * (0.14285715 + s * 0.11111111))));
  return select(log(1.0 + v), small, abs(v) < 0.35);
}`,
  // Two polynomials and no loop: what is unrolled at every use takes drivers minutes to compile. The
  // first is erf(v)/v in v² for |v| < 1, the second e^{v²}·erfc(|v|) in 1/(1 + |v|/2), both Chebyshev fits.
  erf_: `fn erf_(v: f32) -> f32 {
  let a = abs(v);
  let s = v * v;
  let near = v * (1.12837917 + s * (-0.376126267 + s * (0.112835947 + s * (-0.026854212 +
    s * (0.00518908742 + s * (-0.000801686429 + s * 7.87587506e-5))))));
  let t = 1.0 / (1.0 + 0.5 * a);
  let q = 0.000537095818 + t * (0.274476618 + t * (0.326460598 + t * (0.113055646 +
    t * (0.386186259 + t * (-0.0433860384 + t * -0.0580902074)))));
  let far = 1.0 - exp(-min(s, 80.0)) * q;
  return select(select(far, -far, v < 0.0), near, a < 1.0);
}`,
  // That of WGSL is of positive numbers alone. Some drivers have 0 for NaN, and 0 to the 0.
  pow_: `fn pow_(a: f32, b: f32) -> f32 {
  let bits = bitcast<u32>(a);
  let whole = floor(b) == b;
  let odd = whole && floor(0.5 * b) != 0.5 * b;
  let size = pow(abs(a), b);
  let none = (a < 0.0 && !whole) || max(bits & 0x7fffffffu, bitcast<u32>(b) & 0x7fffffffu) > 0x7f800000u;
  let value = select(size, -size, a < 0.0 && odd);
  return select(select(value, bitcast<f32>(bits | 0x7fc00000u), none), 1.0, b == 0.0);
}`,
  random_: `fn mix_(x: u32) -> u32 {
  var h = x;
  h ^= h >> 16u; h *= 0x7feb352du; h ^= h >> 15u; h *= 0x846ca68bu; h ^= h >> 16u;
  return h;
}
fn random_(seed: u32, step: u32, stream: u32, index: u32) -> u32 {
  let a = mix_(mix_(mix_(seed ^ 0x9e3779b9u) + stream) + step);
  let b = mix_(mix_(mix_(seed ^ 0x6a09e667u) + stream) + step);
  return mix_(mix_(index ^ a) + b);
}`,
};

/** WGSL. */
export const wgsl: Syntax = {
  target: "wgsl",
  lanes: wgslLanes,
  scalar: false,
  shared: {
    barrier: "workgroupBarrier();",
    load: (memory, address) => `w${memory}[${address}]`,
    store: (memory, address, value) => `w${memory}[${address}] = ${value};`,
  },
  registers: (name, dtype, count) => `var ${name}: array<${TYPE[dtype]}, ${count}>;`,
  constant: (value, dtype) =>
    dtype === "bool"
      ? (value !== 0 ? "true" : "false")
      : dtype === "u32"
      ? `${value >>> 0}u`
      : float32Literal(value),
  unary: (fn, a) => FUNCTIONS[fn](a),
  binary,
  compare: (fn, a, b) => fn === "ne" ? `(!(${a} == ${b}))` : `(${a} ${COMPARE[fn]} ${b})`,
  select: (when, a, b) => `select(${b}, ${a}, ${when})`,
  cast: (a, from, to) => {
    if (to === "bool") return from === "f32" ? `(!(${a} == 0.0))` : `(${a} != 0u)`;
    return from === "bool" ? `select(${to}(0), ${to}(1), ${a})` : `${TYPE[to]}(${a})`;
  },
  random: (seed, step, stream, index) => `random_(${seed}, ${step}, ${stream >>> 0}u, ${index})`,
  integer: (value) => `${value}u`,
  quotient: (a, by) => `(${a} / ${by}u)`,
  remainder: (a, by) => `(${a} % ${by}u)`,
  inside: (index, extent) => `(${index} < ${extent}u)`,
  load: (buffer, address, dtype) => fromWord(element(buffer, address), buffer.element, dtype),
  loadVector: vector,
  fromWord,
  store: (buffer, address, value, dtype) =>
    `${element(buffer, address)} = ${toWord(value, buffer, dtype)};`,
  declare: (name, _dtype, value) => `let ${name} = ${value};`,
  accumulate: (name, value) => `${name} += ${value};`,
  total: () => undefined,
  variable: (name, dtype, value) => `var ${name}: ${TYPE[dtype]} = ${value};`,
  loop: (name, times) => [
    `{ var ${name} = 0u; loop {`,
    `${name}++; if (${name} >= ${times}u) { break; } } }`,
  ],
  walk: (name, from, step, below) => [
    `{ var ${name} = ${from}; loop { if (${name} >= ${below}) { break; }`,
    `${name} += ${step}u; } }`,
  ],
  leave: (when) => `if (${when}) { break; }`,
  atLeast: (a, b) => `${a} >= ${b}`,
  storeWord: (buffer, address, value) =>
    `${element(buffer, address)} = ${toWord(value, buffer, "f32")};`,
  branch: (when) => `if (${when}) {`,
  otherwise: "} else {",
  close: "}",
};

const ELEMENT: { readonly [E in BoundBuffer["element"]]: string } = {
  f32: "f32",
  u32: "u32",
  vec4f: "vec4<f32>",
  vec4u: "vec4<u32>",
};

/** The bindings and the functions that statements use. */
export function wgslPreamble(buffers: readonly BoundBuffer[], text: string): readonly string[] {
  const functions = Object.entries(WGSL_FUNCTIONS).filter(([name]) => text.includes(`${name}(`))
    .map(([, f]) => f);
  if (text.includes("zero_")) functions.push("var<private> zero_: u32 = 0u;");
  const declarations = buffers.map(({ position, access, element, window }) =>
    window === undefined
      ? `@group(0) @binding(${position}) var<storage, ${
        access === "read" ? "read" : "read_write"
      }> b${position}: array<${ELEMENT[element]}>;`
      : `@group(0) @binding(${position}) var<uniform> b${position}: array<${
        ELEMENT[element]
      }, ${window.vectors}>;`
  );
  return [...declarations, ...functions];
}

/** How a kernel is dispatched. */
export interface Grid {
  readonly threads: number;
  readonly workgroupSize: number;
  /** Workgroups in x. */
  readonly row: number;
  /** Words of workgroup memory, if threads share some: all of a workgroup go on or none. */
  readonly shared?: readonly number[];
}

/**
 * A whole module: bindings, the functions that the body uses, and `main` over flat thread numbers.
 *
 * @param declarations What else the body uses.
 */
export function wgslModule(
  buffers: readonly BoundBuffer[],
  declarations: readonly string[],
  body: readonly string[],
  { threads, workgroupSize, row, shared }: Grid,
): string {
  const text = inlineNames(body).join("\n");
  const whole = shared !== undefined;
  return [
    ...wgslPreamble(buffers, text),
    ...declarations,
    ...(shared ?? []).map((words, i) => `var<workgroup> w${i}: array<f32, ${words}>;`),
    `@compute @workgroup_size(${workgroupSize})`,
    whole
      ? "fn main(@builtin(workgroup_id) id: vec3<u32>, @builtin(local_invocation_index) local: u32) {"
      : "fn main(@builtin(global_invocation_id) id: vec3<u32>) {",
    ...declarations.includes(ORIGIN_DECLARATION) ? [`${ORIGIN} = id.z;`] : [],
    whole
      ? `let group = id.x + id.y * ${row}u;`
      : `let thread = id.x + id.y * ${row * workgroupSize}u;`,
    whole
      ? `if (group >= ${threads / workgroupSize}u) { return; }`
      : `if (thread >= ${threads}u) { return; }`,
    text,
    "}",
  ].join("\n");
}
