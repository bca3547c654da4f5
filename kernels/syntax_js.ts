/**
 * JavaScript over typed arrays: the target where there is no adapter. Every f32 operation is rounded,
 * except within a sum, which is kept in double precision and rounded once: engines have no arithmetic
 * in single precision, and a conversion takes longer than the product.
 *
 * @module
 */
import type { BinaryFn, CompareFn, DType, UnaryFn } from "../src/loops/scalar.ts";
import type { Syntax } from "./syntax.ts";

const UNARY: { readonly [F in UnaryFn]: (a: string) => string } = {
  neg: (a) => `(-${a})`,
  abs: (a) => `Math.abs(${a})`,
  sign: (a) => `sign_(${a})`,
  exp: (a) => `Math.exp(${a})`,
  expm1: (a) => `Math.expm1(${a})`,
  log: (a) => `Math.log(${a})`,
  log1p: (a) => `Math.log1p(${a})`,
  sqrt: (a) => `Math.sqrt(${a})`,
  sin: (a) => `Math.sin(${a})`,
  cos: (a) => `Math.cos(${a})`,
  tanh: (a) => `Math.tanh(${a})`,
  erf: (a) => `erf_(${a})`,
  floor: (a) => `Math.floor(${a})`,
  stop: (a) => a,
  not: (a) => `(!${a})`,
  isFinite: (a) => `Number.isFinite(${a})`,
};

const INFIX: { readonly [F in BinaryFn]?: string } = {
  add: "+",
  sub: "-",
  mul: "*",
  div: "/",
};

const COMPARE: { readonly [F in CompareFn]: string } = {
  eq: "===",
  ne: "!==",
  lt: "<",
  le: "<=",
  gt: ">",
  ge: ">=",
};

function unsigned(fn: BinaryFn, a: string, b: string): string {
  switch (fn) {
    case "add":
      return `((${a} + ${b}) >>> 0)`;
    case "sub":
      return `((${a} - ${b}) >>> 0)`;
    case "mul":
      return `(Math.imul(${a}, ${b}) >>> 0)`;
    case "div":
      return `(${b} === 0 ? ${a} : (${a} / ${b}) >>> 0)`;
    case "rem":
      return `(${b} === 0 ? 0 : ${a} % ${b})`;
    case "and":
      return `((${a} & ${b}) >>> 0)`;
    case "or":
      return `((${a} | ${b}) >>> 0)`;
    case "xor":
      return `((${a} ^ ${b}) >>> 0)`;
    case "shiftLeft":
      return `((${a} << (${b} & 31)) >>> 0)`;
    case "shiftRight":
      return `(${a} >>> (${b} & 31))`;
    default:
      return fn === "max" ? `(${b} > ${a} ? ${b} : ${a})` : `(${b} < ${a} ? ${b} : ${a})`;
  }
}

function binary(fn: BinaryFn, a: string, b: string, dtype: DType): string {
  if (dtype === "u32") return unsigned(fn, a, b);
  if (dtype === "bool") {
    return fn === "and" ? `(${a} && ${b})` : fn === "or" ? `(${a} || ${b})` : `(${a} !== ${b})`;
  }
  const infix = INFIX[fn];
  if (infix !== undefined) return `Math.fround(${a} ${infix} ${b})`;
  if (fn === "pow") return `Math.fround(Math.pow(${a}, ${b}))`;
  return fn === "max" ? `(${b} > ${a} ? ${b} : ${a})` : `(${b} < ${a} ? ${b} : ${a})`;
}

const EXACT: ReadonlySet<UnaryFn> = new Set([
  "neg",
  "abs",
  "sign",
  "floor",
  "stop",
  "not",
  "isFinite",
]);

/**
 * What generated code may call. The error function is two polynomials, both Chebyshev fits: erf(v)/v in
 * v² for |v| < 1, and e^{v²}·erfc(|v|) in 1/(1 + |v|/2).
 */
export const JS_FUNCTIONS = `function erf_(v) {
  const a = Math.abs(v), s = v * v;
  if (a < 1) {
    return v * (1.128379167095 + s * (-0.3761263890281 + s * (0.1128379165857 + s *
      (-0.02686616905435 + s * (0.005223967215605 + s * (-0.0008547934411709 + s *
      (0.0001204627307345 + s * (-0.00001479515032088 + s * (0.00000153070163833 + s *
      -1.047055775416e-7)))))))));
  }
  const t = 1 / (1 + 0.5 * a);
  const q = -2.664679338151e-7 + t * (0.2821055987826 + t * (0.2819030708336 + t *
    (0.2488208285567 + t * (0.1628175127438 + t * (0.1470233313387 + t * (-0.2143668741522 + t *
    (0.436316625953 + t * (-0.851605489519 + t * (0.8228479745072 + t * (-0.3919111526376 + t *
    0.07606672342277))))))))));
  return Math.sign(v) * (1 - Math.exp(-s) * q);
}
function sign_(v) { return v > 0 ? 1 : v < 0 ? -1 : 0; }
function mix_(h) {
  h ^= h >>> 16; h = Math.imul(h, 0x7feb352d); h ^= h >>> 15; h = Math.imul(h, 0x846ca68b);
  return (h ^ (h >>> 16)) >>> 0;
}
function random_(seed, step, stream, index) {
  const a = mix_(mix_(mix_(seed ^ 0x9e3779b9) + stream | 0) + step | 0);
  const b = mix_(mix_(mix_(seed ^ 0x6a09e667) + stream | 0) + step | 0);
  return mix_(mix_(index ^ a) + b | 0);
}
function truncate_(v) { return v >= 4294967295 ? 4294967295 : v > 0 ? Math.trunc(v) : 0; }`;

/** JavaScript. */
export const js: Syntax = {
  target: "js",
  scalar: true,
  constant: (value, dtype) =>
    dtype === "bool"
      ? (value !== 0 ? "true" : "false")
      : dtype === "u32"
      ? `${value >>> 0}`
      : Object.is(value, -0)
      ? "-0"
      : `${Math.fround(value)}`,
  unary: (fn, a) => EXACT.has(fn) ? UNARY[fn](a) : `Math.fround(${UNARY[fn](a)})`,
  binary,
  compare: (fn, a, b) => `(${a} ${COMPARE[fn]} ${b})`,
  select: (when, a, b) => `(${when} ? ${a} : ${b})`,
  cast: (a, from, to) => {
    if (to === "bool") return `(${a} !== 0)`;
    if (from === "bool") return `(${a} ? 1 : 0)`;
    return to === "f32" ? `Math.fround(${a})` : `truncate_(${a})`;
  },
  random: (seed, step, stream, index) => `random_(${seed}, ${step}, ${stream | 0}, ${index})`,
  integer: (value) => `${value}`,
  quotient: (a, by) => `((${a} / ${by}) | 0)`,
  remainder: (a, by) => `(${a} % ${by})`,
  inside: (index, extent) => `((${index}) >>> 0 < ${extent})`,
  load: (buffer, address, dtype) =>
    dtype === "f32"
      ? `f${buffer.position}[${address}]`
      : dtype === "bool"
      ? `(u${buffer.position}[${address}] !== 0)`
      : `u${buffer.position}[${address}]`,
  loadVector: (buffer, address) => `f${buffer.position}[${address}]`,
  fromWord: (word) => word,
  store: (buffer, address, value, dtype) =>
    dtype === "f32"
      ? `f${buffer.position}[${address}] = ${value};`
      : `u${buffer.position}[${address}] = ${dtype === "bool" ? `${value} ? 1 : 0` : value};`,
  declare: (name, _dtype, value) => `const ${name} = ${value};`,
  variable: (name, _dtype, value) => `let ${name} = ${value};`,
  accumulate: (name, value, dtype) =>
    dtype === "f32" ? `${name} += ${value};` : `${name} = ${binary("add", name, value, dtype)};`,
  total: (name) => `${name} = Math.fround(${name});`,
  loop: (name, times) => [`for (let ${name} = 0; ${name} < ${times}; ${name}++) {`, "}"],
  walk: (name, from, step, below) => [
    `for (let ${name} = ${from}; ${name} < ${below}; ${name} += ${step}) {`,
    "}",
  ],
  leave: (when) => `if (${when}) break;`,
  atLeast: (a, b) => `${a} >= ${b}`,
  storeWord: (buffer, address, value) => `f${buffer.position}[${address}] = ${value};`,
  branch: (when) => `if (${when}) {`,
  otherwise: "} else {",
  close: "}",
};

/**
 * Words behind an array that a kernel may load for results that it does not store: where windows do not
 * fill an axis, a box of them reaches a little beyond its edge. Engines are slow where nothing is there.
 */
export const SPARE_WORDS = 1024;

/** A function's body: what it calls, and the statements. */
export function jsModule(body: readonly string[]): string {
  const text = body.join("\n");
  return /\b(erf|sign|random|truncate)_\(/.test(text) ? `${JS_FUNCTIONS}\n${text}` : text;
}
