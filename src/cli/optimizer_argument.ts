/**
 * The optimizer that the command line names: one of the catalogue, or a description in a file.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { failure, issue, SteepestError } from "../errors.ts";
import { fromCatalogue } from "../optimizer/catalogue/by_name.ts";
import { decode, encode } from "../optimizer/codec.ts";
import { closest, show } from "../errors/words.ts";
import type { Optimizer } from "../optimizer/types.ts";
import { readText } from "./files.ts";
import type { Setting } from "./values.ts";

type Settings = Readonly<Record<string, Setting>>;

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** What a value stands for where there is a member of a slot: of `{ kind: "eigen" }`, the word `cholesky`. */
function memberOr(before: unknown, value: Setting): Setting {
  const isMember = isRecord(before) && Object.hasOwn(before, "kind");
  return isMember && typeof value === "string" ? { kind: value } : value;
}

/** A copy of `json` with the value at `path`, such as `of/1/by`, replaced. */
function withValue(json: unknown, path: readonly string[], value: Setting, whole: string): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return memberOr(json, value);
  const there = isRecord(json) && Object.hasOwn(json, name);
  // A field that is left out may be said; which ones there are is the description's to know.
  if (!there && (rest.length > 0 || !isRecord(json) || Array.isArray(json))) {
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

function decoded(json: unknown, source: string): Optimizer {
  const optimizer = decode(json);
  if (E.isRight(optimizer)) return optimizer.right;
  throw new SteepestError(
    "description",
    optimizer.left.map(({ path, found, expected, message }) =>
      path === ""
        ? issue(source, found, expected)
        : issue(`${source}/${path}`, found, expected, `${source}/${message}`)
    ),
  );
}

/** The description with other values at paths, such as `of/0/every/factor`. */
function withValues(json: unknown, settings: Settings, source: string): Optimizer {
  const paths = Object.entries(settings);
  if (paths.length === 0) return decoded(json, source);
  // What it leaves out has a path too.
  const whole = E.getOrElse<unknown, unknown>(() => json)(decode(json));
  const changed = paths.reduce<unknown>(
    (it, [path, value]) => withValue(it, path.split("/"), value, path),
    isRecord(whole) ? { version: 1, ...whole } : whole,
  );
  return decoded(changed, source);
}

function fromJson(file: string, text: string, settings: Settings): Optimizer {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw failure("description", file, cause instanceof Error ? cause.message : "not JSON", "JSON");
  }
  return withValues(json, settings, file);
}

function fromName(name: string, settings: Settings): Optimizer {
  const [paths, options] = [true, false].map((isPath) =>
    Object.fromEntries(Object.entries(settings).filter(([at]) => at.includes("/") === isPath))
  );
  const built = fromCatalogue(name, options);
  if (E.isLeft(built)) throw new SteepestError("description", built.left);
  return withValues(JSON.parse(encode(built.right)), paths!, name);
}

/**
 * Builds the optimizer called `name`, or that of the file `name` if it ends in `.json`, from settings: options
 * of the catalogue entry, or paths into the description, such as `of/0/length`. The file is read once.
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
