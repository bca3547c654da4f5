/**
 * Numbers as source text.
 *
 * @module
 */

/** An f32 literal of WGSL; infinities and NaN through bits
 * that no constant expression shows, since WGSL refuses them in constants. */
export function float32Literal(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) {
    const bits = new Uint32Array(new Float32Array([rounded]).buffer)[0]!;
    return `bitcast<f32>(${bits}u | zero_)`;
  }
  if (Object.is(rounded, -0)) return "-0.0f";
  const text = rounded.toString();
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}
