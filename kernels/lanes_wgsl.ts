/**
 * WGSL for two to four values at once. Where an operator takes a vector and a number, a number stays one.
 *
 * @module
 */
import type { BinaryFn, DType, UnaryFn } from "../src/loops/scalar.ts";
import { float32Literal } from "./literal.ts";
import { BITWISE, COMPARE, MIXED, UNARY } from "./operators_wgsl.ts";
import type { LaneSyntax, Operand } from "./syntax.ts";

const XYZW = "xyzw";

const KNOWN: { readonly [F in UnaryFn]?: (a: string) => string } = UNARY;

function typeOf(dtype: DType, width: number): string {
  return dtype === "bool" ? `vec${width}<bool>` : `vec${width}${dtype === "f32" ? "f" : "u"}`;
}

function widened({ text, wide }: Operand, dtype: DType, width: number): string {
  return wide ? text : `${typeOf(dtype, width)}(${text})`;
}

/** A function of ours, which takes numbers alone. */
function byLane(name: string, operands: readonly string[], width: number): string {
  const lanes = [...XYZW].slice(0, width).map((lane) =>
    `${name}(${operands.map((x) => `${x}.${lane}`).join(", ")})`
  );
  return `${typeOf("f32", width)}(${lanes.join(", ")})`;
}

function binary(fn: BinaryFn, a: Operand, b: Operand, dtype: DType, width: number): string {
  const mixed = MIXED[fn];
  if (fn === "div" && /^-?0\.0f$/.test(b.text)) {
    // As in one lane: drivers fold a quotient by a literal zero to 0.
    return `(${a.text} * ${float32Literal(b.text === "0.0f" ? Infinity : -Infinity)})`;
  }
  if (fn === "div") return `(${a.text} / ${b.text})`;
  if (mixed !== undefined) return `(${a.text} ${mixed} ${b.text})`;
  const [x, y] = [widened(a, dtype, width), widened(b, dtype, width)];
  const bitwise = BITWISE[fn];
  if (bitwise !== undefined) {
    return `(${x} ${fn === "xor" && dtype === "bool" ? "!=" : bitwise} ${y})`;
  }
  const bits = () => `(${y} & ${typeOf("u32", width)}(31u))`;
  switch (fn) {
    case "rem":
      return `(${x} % ${y})`;
    case "shiftLeft":
      return `(${x} << ${bits()})`;
    case "shiftRight":
      return `(${x} >> ${bits()})`;
    case "pow":
      return byLane("pow_", [x, y], width);
    default:
      return `select(${x}, ${y}, ${y} ${fn === "max" ? ">" : "<"} ${x})`;
  }
}

/** WGSL. */
export const wgslLanes: LaneSyntax = {
  join: (lanes, dtype, width) => `${typeOf(dtype, width)}(${lanes.join(", ")})`,
  lane: (vector, lane) => `${vector}.${XYZW[lane]}`,
  unary: (fn, a, width) => {
    const known = KNOWN[fn];
    if (known !== undefined) return known(a);
    if (fn !== "isFinite") {
      return byLane(`${fn}_`, [a], width);
    }
    const exponent = `${typeOf("u32", width)}(0x7f800000u)`;
    return `((bitcast<${typeOf("u32", width)}>(${a}) & ${exponent}) != ${exponent})`;
  },
  binary,
  compare: (fn, a, b, dtype, width) =>
    fn === "ne"
      ? `(!(${widened(a, dtype, width)} == ${widened(b, dtype, width)}))`
      : `(${widened(a, dtype, width)} ${COMPARE[fn]} ${widened(b, dtype, width)})`,
  select: (when, a, b, dtype, width) =>
    `select(${widened(b, dtype, width)}, ${widened(a, dtype, width)}, ${when.text})`,
  cast: (a, from, to, width) => {
    const type = typeOf(to, width);
    if (to === "bool") return `(!(${a} == ${typeOf(from, width)}()))`;
    return from === "bool" ? `select(${type}(), ${type}(1), ${a})` : `${type}(${a})`;
  },
  fromWords: (words, element, dtype, width) => {
    const bits = element === "vec4u" ? words : `bitcast<${typeOf("u32", width)}>(${words})`;
    if (dtype === "bool") return `(${bits} != ${typeOf("u32", width)}())`;
    if (dtype === "u32") return bits;
    return element === "vec4f" ? words : `bitcast<${typeOf("f32", width)}>(${words})`;
  },
  store: (buffer, address, vector, dtype) => {
    const value = dtype === "bool" ? `select(vec4u(0u), vec4u(1u), ${vector})` : vector;
    const float = buffer.element === "vec4f";
    const word = float === (dtype === "f32")
      ? value
      : `bitcast<${float ? "vec4f" : "vec4u"}>(${value})`;
    return `b${buffer.position}[${address}] = ${word};`;
  },
  // With a value: what is declared in a loop without one is not made zero again in each round by some drivers.
  sums: (name, width) => `var ${name} = ${typeOf("f32", width)}();`,
};
