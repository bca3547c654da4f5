/**
 * Reading and writing files, with typed errors.
 *
 * @module
 */
import { failure } from "../errors.ts";

function reason(cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) return "nothing there";
  if (cause instanceof Deno.errors.IsADirectory) return "a directory";
  if (cause instanceof Deno.errors.NotCapable) return "no permission";
  return cause instanceof Error ? cause.message : String(cause);
}

/** The text of a file. */
export async function readText(path: string, expected: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (cause) {
    throw failure("data", path, reason(cause), expected);
  }
}

/** Writes a file whole: under another name first, so that a run that ends early leaves the old one. */
export async function writeText(path: string, text: string): Promise<void> {
  try {
    await Deno.writeTextFile(`${path}.part`, text);
    await Deno.rename(`${path}.part`, path);
  } catch (cause) {
    throw failure("data", path, reason(cause), "a file that can be written");
  }
}
