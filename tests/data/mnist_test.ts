import { mnist, mnistFromFiles } from "../../src/data/mnist.ts";
import { SteepestError } from "../../src/errors.ts";
import { assertAlmostEquals, assertEquals, assertRejects } from "../_assert.ts";
import { gzipped, idx, mnistFiles } from "./_files.ts";

async function issuesOf(promise: Promise<unknown>): Promise<readonly string[]> {
  const error = await assertRejects(() => promise, SteepestError);
  assertEquals(error.kind, "data");
  return error.issues.map(({ path, found, expected }) => `${path}: ${found} / ${expected}`);
}

function readerOf(files: Record<string, Uint8Array>) {
  return {
    list: () => Promise.resolve(Object.keys(files)),
    read: (_directory: string, name: string) => Promise.resolve(files[name] ?? new Uint8Array()),
  };
}

Deno.test("mnistFromFiles() decodes the four files", async () => {
  const data = await mnistFromFiles(mnistFiles([0, 9, 5], [3]));
  assertEquals(data.name, "mnist");
  assertEquals(data.classes, 10);
  assertEquals(data.imageShape, [1, 28, 28]);
  assertEquals([data.train.count, data.test.count], [3, 1]);
  assertEquals(data.train.labels, new Uint8Array([0, 9, 5]));
  assertEquals(data.train.images.length, 3 * 784);
  assertEquals(data.test.images, new Uint8Array(784).fill(3));
});

Deno.test("mnistFromFiles() measures the training pixels on the scale from 0 to 1", async () => {
  const { mean, deviation } = await mnistFromFiles(mnistFiles([0, 6], [1]));
  assertAlmostEquals(mean, 3 / 255);
  assertAlmostEquals(deviation, 3 / 255);
});

Deno.test("mnistFromFiles() takes gzipped files, other spellings and more files", async () => {
  const files = mnistFiles([1], [2]);
  const renamed = {
    "README.md": new Uint8Array(3),
    "train-images.idx3-ubyte": files["train-images-idx3-ubyte"]!,
    "train-labels-idx1-ubyte.gz": await gzipped(files["train-labels-idx1-ubyte"]!),
    "t10k-images.idx3-ubyte.gz": await gzipped(files["t10k-images-idx3-ubyte"]!),
    "t10k-labels-idx1-ubyte": files["t10k-labels-idx1-ubyte"]!,
  };
  assertEquals(await mnistFromFiles(renamed), await mnistFromFiles(files));
});

Deno.test("mnistFromFiles() names every missing file and what there is", async () => {
  const { "train-images-idx3-ubyte": images } = mnistFiles([1], [2]);
  const files = { "train-images-idx3-ubyte": images!, "notes.txt": new Uint8Array() };
  assertEquals(
    await issuesOf(mnistFromFiles(files)),
    [
      "mnist/train-labels-idx1-ubyte",
      "mnist/t10k-images-idx3-ubyte",
      "mnist/t10k-labels-idx1-ubyte",
    ].map((path) => `${path}: notes.txt, train-images-idx3-ubyte / this file or .gz`),
  );
});

Deno.test("mnistFromFiles() reports the problems of all files at once", async () => {
  const files = {
    ...mnistFiles([1, 2], [2]),
    "train-labels-idx1-ubyte": idx(0x08, [3], [1, 2, 3]),
    "t10k-images-idx3-ubyte": idx(0x08, [1, 28, 27], new Uint8Array(28 * 27)),
    "t10k-labels-idx1-ubyte": idx(0x09, [1], [2]),
  };
  assertEquals(await issuesOf(mnistFromFiles(files)), [
    "train-labels-idx1-ubyte: 3 labels / 2 labels, one for each image",
    "t10k-images-idx3-ubyte/header/shape: 1 × 28 × 27 / n × 28 × 28",
    "t10k-labels-idx1-ubyte/header/type: Int8Array / unsigned bytes (0x08)",
  ]);
});

Deno.test("mnistFromFiles() refuses labels above 9, with their place", async () => {
  assertEquals(await issuesOf(mnistFromFiles(mnistFiles([1, 10, 255], [2]))), [
    "train-labels-idx1-ubyte/1: label 10 / a label from 0 to 9",
  ]);
});

Deno.test("mnistFromFiles() refuses files with nothing in them", async () => {
  const issues = await issuesOf(mnistFromFiles(mnistFiles([1], [])));
  assertEquals(issues.map((text) => text.split(":")[0]), [
    "t10k-images-idx3-ubyte/header/shape",
    "t10k-labels-idx1-ubyte/header/shape",
  ]);
});

Deno.test("mnist() reads only the four files through the reader it is given", async () => {
  const files = { ...mnistFiles([4], [2]), "movie.mkv": new Uint8Array(1) };
  const asked: string[] = [];
  const reader = {
    list: readerOf(files).list,
    read: (directory: string, name: string) => {
      asked.push(`${directory}/${name}`);
      return readerOf(files).read(directory, name);
    },
  };
  const data = await mnist({ directory: "d", reader });
  assertEquals(data.train.labels, new Uint8Array([4]));
  assertEquals(asked.toSorted(), Object.keys(mnistFiles([], [])).map((n) => `d/${n}`).toSorted());
});

Deno.test("mnist() says what an empty directory lacks", async () => {
  const issues = await issuesOf(mnist({ directory: "d", reader: readerOf({}) }));
  assertEquals(issues.length, 4);
  assertEquals(issues[0], "d/train-images-idx3-ubyte: no files / this file or .gz");
});

Deno.test("mnist() rejects with its own error when the directory does not exist", async () => {
  const issues = await issuesOf(mnist({ directory: "tests/data/nowhere" }));
  assertEquals(issues.length, 1);
  assertEquals(issues[0]?.startsWith("tests/data/nowhere: "), true);
});

const real = new URL("../../../shared/data/mnist", import.meta.url).pathname;
const present = await Deno.stat(real).then(() => true, () => false);
if (!present) console.log("the real MNIST is not here: its test is skipped");

Deno.test({
  name: "mnist() reads the real files",
  ignore: !present,
  fn: async () => {
    const data = await mnist({ directory: real });
    assertEquals([data.train.count, data.test.count], [60_000, 10_000]);
    assertEquals([...data.train.labels.subarray(0, 5)], [5, 0, 4, 1, 9]);
    assertAlmostEquals(data.mean, 0.1307, 1e-4);
    assertAlmostEquals(data.deviation, 0.3081, 1e-4);
  },
});
