/**
 * The optimizer that the command line names: one of the catalogue, or a description in a file.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { failure, issue, SteepestError } from "../errors.ts";
import { fromCatalogue } from "../optimizer/catalogue/registry.ts";
import { decode } from "../optimizer/codec.ts";
import { closest, show } from "../optimizer/schema/words.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { readText } from "./files.ts";
import type { Setting } from "./values.ts";

type Settings = Readonly<Record<string, Setting>>;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** A copy of `json` with the value at `path`, such as `of/1/by`, replaced. */
function withValue(json: unknown, path: readonly string[], value: Setting, whole: string): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return value;
  if (!isRecord(json) || !Object.hasOwn(json, name)) {
    const names = isRecord(json) ? Object.keys(json) : [];
    const hint = closest(name, names);
    throw failure(
      "description",
      whole,
      show(name),
      `one of ${names.join(", ") || "no names here"}`,
      `--set ${whole}: nothing called ${show(name)} there${
        hint === "" ? "" : `; did you mean ${hint}?`
      }`,
    );
  }
  const inner = withValue(json[name], rest, value, whole);
  if (Array.isArray(json)) return json.map((old: unknown, i) => String(i) === name ? inner : old);
  return { ...json, [name]: inner };
}

function fromJson(file: string, text: string, settings: Settings): Optimizer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw failure("description", file, cause instanceof Error ? cause.message : "not JSON", "JSON");
  }
  for (const [path, value] of Object.entries(settings)) {
    json = withValue(json, path.split("/"), value, path);
  }
  const decoded = decode(json);
  if (E.isRight(decoded)) return decoded.right;
  throw new SteepestError(
    "description",
    decoded.left.map(({ path, found, expected }) =>
      issue(path === "" ? file : `${file}/${path}`, found, expected)
    ),
  );
}

function fromName(name: string, settings: Settings): Optimizer {
  const built = fromCatalogue(name, settings);
  if (E.isRight(built)) return built.right;
  throw new SteepestError("description", built.left);
}

/**
 * Builds the optimizer called `name`, or that of the file `name` if it ends in `.json`, from settings: options
 * of the catalogue entry, or paths into the description. The file is read once.
 */
export async function optimizerBuilder(name: string): Promise<(settings: Settings) => Optimizer> {
  if (!name.endsWith(".json")) return (settings) => fromName(name, settings);
  const text = await readText(name, "a file with the description of an optimizer");
  return (settings) => fromJson(name, text, settings);
}

/** The optimizer that {@link optimizerBuilder} builds from settings. */
export async function optimizerFrom(name: string, settings: Settings): Promise<Optimizer> {
  return (await optimizerBuilder(name))(settings);
}
