/**
 * MNIST: 70 000 handwritten digits (Y. LeCun, C. Cortes, C. J. C. Burges), from its four IDX files.
 *
 * @module
 */

import { failure, type Issue, issue, SteepestError } from "../errors.ts";
import { isRecord, optionIssues, refuse, required, type Rules } from "../errors/options.ts";
import { show } from "../errors/words.ts";
import { type Dataset, pixelStatistics, type Split } from "./dataset.ts";
import { decodeIdx } from "./idx.ts";

const side = 28;
const classes = 10;

/** The four files, by the part they belong to and what they hold. */
const files = {
  trainImages: ["train-images-idx3-ubyte", "train-images.idx3-ubyte"],
  trainLabels: ["train-labels-idx1-ubyte", "train-labels.idx1-ubyte"],
  testImages: ["t10k-images-idx3-ubyte", "t10k-images.idx3-ubyte"],
  testLabels: ["t10k-labels-idx1-ubyte", "t10k-labels.idx1-ubyte"],
} as const;

type FileRole = keyof typeof files;

const roles: readonly FileRole[] = ["trainImages", "trainLabels", "testImages", "testLabels"];

/** The name that a file goes by among `present`: as distributed, unpacked or renamed by tools. */
function findFile(role: FileRole, present: ReadonlySet<string>): string | undefined {
  return files[role].flatMap((name) => [name, `${name}.gz`]).find((name) => present.has(name));
}

/** The names of all four files, or every one that is missing. */
function findFiles(names: readonly string[], where: string): Record<FileRole, string> {
  const present = new Set(names);
  const found: Partial<Record<FileRole, string>> = {};
  const issues: Issue[] = [];
  const listed = names.toSorted().slice(0, 12).join(", ") + (names.length > 12 ? ", …" : "");
  for (const role of roles) {
    const name = findFile(role, present);
    if (name !== undefined) found[role] = name;
    else issues.push(issue(`${where}/${files[role][0]}`, listed || "no files", "this file or .gz"));
  }
  const { trainImages, trainLabels, testImages, testLabels } = found;
  if (!trainImages || !trainLabels || !testImages || !testLabels) {
    throw new SteepestError("data", issues);
  }
  return { trainImages, trainLabels, testImages, testLabels };
}

/** Decodes a file of bytes whose shape ends in `inner`; problems are added to `issues`. */
async function decodeBytes(
  bytes: Uint8Array,
  name: string,
  inner: readonly number[],
  issues: Issue[],
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  try {
    const { shape, data } = await decodeIdx(bytes, name);
    const expected = ["n", ...inner].join(" × ");
    if (shape.length !== inner.length + 1 || inner.some((extent, i) => shape[i + 1] !== extent)) {
      issues.push(issue(`${name}/header/shape`, shape.join(" × "), expected));
    } else if (!(data instanceof Uint8Array)) {
      issues.push(issue(`${name}/header/type`, data.constructor.name, "unsigned bytes (0x08)"));
    } else if (data.length === 0) {
      issues.push(issue(`${name}/header/shape`, "0 items", "at least one"));
    } else {
      return data;
    }
  } catch (error) {
    if (!(error instanceof SteepestError)) throw error;
    issues.push(...error.issues);
  }
  return undefined;
}

function checkSplit(
  images: Uint8Array,
  labels: Uint8Array,
  name: string,
  issues: Issue[],
): void {
  const count = images.length / (side * side);
  if (labels.length !== count) {
    issues.push(issue(name, `${labels.length} labels`, `${count} labels, one for each image`));
  }
  const wrong = labels.findIndex((label) => label >= classes);
  if (wrong >= 0) {
    issues.push(issue(`${name}/${wrong}`, `label ${labels[wrong]}`, "a label from 0 to 9"));
  }
}

/**
 * Decodes the four files of MNIST, given by name, gzipped or not.
 *
 * @param contents The bytes of the files, by their usual names; other files are ignored.
 * @throws SteepestError of kind "data" with every problem found: missing and damaged files, shapes,
 * numbers of labels that do not fit the images, labels above 9.
 */
export async function mnistFromFiles(
  contents: Readonly<Record<string, Uint8Array>>,
): Promise<Dataset> {
  if (!isRecord(contents)) throw failure("data", "mnist", show(contents), "bytes by file name");
  const names = findFiles(Object.keys(contents), "mnist");
  const issues: Issue[] = [];

  async function split(images: FileRole, labels: FileRole): Promise<Split> {
    const empty = new Uint8Array(0);
    const [imagesName, labelsName] = [names[images], names[labels]];
    const pixels = await decodeBytes(
      contents[imagesName] ?? empty,
      imagesName,
      [side, side],
      issues,
    );
    const digits = await decodeBytes(contents[labelsName] ?? empty, labelsName, [], issues);
    if (pixels && digits) checkSplit(pixels, digits, labelsName, issues);
    return {
      count: digits?.length ?? 0,
      images: pixels ?? empty,
      labels: digits ?? empty,
    };
  }

  const train = await split("trainImages", "trainLabels");
  const test = await split("testImages", "testLabels");
  if (issues.length > 0) throw new SteepestError("data", issues);
  return {
    name: "mnist",
    classes,
    imageShape: [1, side, side],
    train,
    test,
    ...pixelStatistics(train.images),
  };
}

/** How the files of a directory are reached. */
export interface DirectoryReader {
  /** The names of the files in a directory. */
  readonly list: (directory: string) => Promise<readonly string[]>;
  /** The bytes of one file. */
  readonly read: (directory: string, name: string) => Promise<Uint8Array>;
}

/** Where {@link mnist} finds the files. */
export interface MnistOptions {
  /** The directory with the four IDX files, gzipped or not. */
  readonly directory: string;
  /**
   * How to read it.
   *
   * @default `Deno.readDir` and `Deno.readFile`
   */
  readonly reader?: DirectoryReader;
}

const RULES: Rules<MnistOptions> = {
  directory: required([(x) => typeof x === "string", "the path of a directory"]),
  reader: [
    (x) => isRecord(x) && typeof x["list"] === "function" && typeof x["read"] === "function",
    "a DirectoryReader: functions list and read",
  ],
};

// The host is asked for only here, so that importing this file works without one.
const denoReader: DirectoryReader = {
  list: async (directory) =>
    (await Array.fromAsync(Deno.readDir(directory))).map((entry) => entry.name),
  read: (directory, name) => Deno.readFile(`${directory}/${name}`),
};

async function reading<T>(path: string, expected: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    const found = cause instanceof Error ? cause.message : String(cause);
    throw new SteepestError("data", [issue(path, found, expected)], { cause });
  }
}

/**
 * Reads MNIST from a directory with its four IDX files, gzipped or not.
 *
 * The pixels are bytes; `mean` and `deviation` are those of the training images (0.1307 and 0.3081).
 *
 * @throws SteepestError of kind "data": a directory that cannot be read or lacks files (with what it
 * holds), and everything that {@link mnistFromFiles} refuses.
 */
export async function mnist(options: MnistOptions): Promise<Dataset> {
  refuse(optionIssues("mnist", options, RULES), "data");
  const { directory } = options;
  if (options.reader === undefined && typeof Deno === "undefined") {
    throw failure("data", "reader", "none", "a DirectoryReader, as this host is not Deno");
  }
  const reader = options.reader ?? denoReader;
  const present = await reading(
    directory,
    "a directory with the files of MNIST",
    () => reader.list(directory),
  );
  if (!Array.isArray(present)) {
    throw failure("data", "mnist/reader/list", show(present), "a list of names");
  }
  const contents: Record<string, Uint8Array> = {};
  for (const name of Object.values(findFiles(present, directory))) {
    const path = `${directory}/${name}`;
    contents[name] = await reading(path, "a readable file", () => reader.read(directory, name));
  }
  return await mnistFromFiles(contents);
}
