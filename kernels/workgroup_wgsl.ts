/**
 * A kernel of one workgroup that goes through parts and loops by itself: its lanes take the threads of
 * a part in turns, and a barrier stands between two parts. What they share lies in storage.
 *
 * @module
 */
import { ORIGIN, ORIGIN_DECLARATION } from "./grid.ts";
import { inlineNames } from "./inline.ts";
import type { BoundBuffer } from "./syntax.ts";
import { wgslPreamble } from "./syntax_wgsl.ts";

/** What the workgroup does next. */
export type WorkgroupStep =
  | { readonly kind: "part"; readonly lines: readonly string[]; readonly threads: number }
  | {
    readonly kind: "loop";
    readonly times: number;
    readonly steps: readonly WorkgroupStep[];
    /** A word that is 0 after the last iteration. */
    readonly active?: { readonly buffer: BoundBuffer; readonly offset: number };
  };

/** The word as u32, whatever the buffer holds. */
function wordOf({ position, element }: BoundBuffer, offset: number): string {
  const vector = element === "vec4f" || element === "vec4u";
  const word = vector
    ? `b${position}[${offset >> 2}u].${"xyzw"[offset & 3]}`
    : `b${position}[${offset}u]`;
  return element === "f32" || element === "vec4f" ? `bitcast<u32>(${word})` : word;
}

/**
 * The module.
 *
 * @param declarations What else the parts use.
 */
export function wgslWorkgroupModule(
  buffers: readonly BoundBuffer[],
  declarations: readonly string[],
  steps: readonly WorkgroupStep[],
  workgroupSize: number,
): string {
  const functions: string[] = [];
  let loops = 0;
  const write = (list: readonly WorkgroupStep[]): string[] =>
    list.flatMap((step): string[] => {
      if (step.kind === "part") {
        const name = `part${functions.length}`;
        functions.push([`fn ${name}(thread: u32) {`, ...inlineNames(step.lines), "}"].join("\n"));
        const call = step.threads > workgroupSize
          ? `for (var t = lane; t < ${step.threads}u; t += ${workgroupSize}u) { ${name}(t); }`
          : step.threads === workgroupSize
          ? `${name}(lane);`
          : `if (lane < ${step.threads}u) { ${name}(lane); }`;
        return [call, "storageBarrier();"];
      }
      const i = `i${loops++}`;
      const { active } = step;
      return [
        `for (var ${i} = 0u; ${i} < ${step.times}u; ${i}++) {`,
        ...write(step.steps),
        ...active === undefined ? [] : [
          `if (lane == 0u) { goes_on = ${wordOf(active.buffer, active.offset)}; }`,
          "if (workgroupUniformLoad(&goes_on) == 0u) { break; }",
        ],
        "}",
      ];
    });
  const main = write(steps);
  // Nothing reads what the last part stores.
  if (steps.at(-1)?.kind === "part") main.pop();
  const text = functions.join("\n");
  return [
    ...wgslPreamble(buffers, text),
    ...declarations,
    "var<workgroup> goes_on: u32;",
    text,
    `@compute @workgroup_size(${workgroupSize})`,
    "fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) id: vec3<u32>) {",
    ...declarations.includes(ORIGIN_DECLARATION) ? [`${ORIGIN} = id.z;`] : [],
    ...main,
    "}",
  ].join("\n");
}
