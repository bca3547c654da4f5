import fc from "fast-check";
import { decodeIdx } from "../../src/data/idx.ts";
import { SteepestError } from "../../src/errors.ts";
import { assert, assertEquals, assertLess, assertRejects } from "../_assert.ts";
import { gzipped, idx } from "./_files.ts";

async function refusal(bytes: Uint8Array): Promise<string> {
  const error = await assertRejects(() => decodeIdx(bytes, "file"), SteepestError);
  assertEquals(error.kind, "data");
  assertEquals(error.issues.length, 1);
  return error.issues.map(({ path, found, expected }) => `${path}: ${found} / ${expected}`).join();
}

Deno.test("decodeIdx() decodes bytes, plain and gzipped", async () => {
  const file = idx(0x08, [2, 3], [1, 2, 3, 4, 5, 255]);
  const expected = { shape: [2, 3], data: new Uint8Array([1, 2, 3, 4, 5, 255]) };
  assertEquals(await decodeIdx(file), expected);
  assertEquals(await decodeIdx(await gzipped(file)), expected);
});

Deno.test("decodeIdx() decodes every element type, big-endian", async () => {
  const words = [0x3f, 0xc0, 0, 0, 0xff, 0xff, 0xff, 0xfe];
  assertEquals((await decodeIdx(idx(0x09, [8], words))).data, new Int8Array(words));
  assertEquals(
    (await decodeIdx(idx(0x0b, [4], words))).data,
    new Int16Array([0x3fc0, 0, -1, -2]),
  );
  assertEquals((await decodeIdx(idx(0x0c, [2], words))).data, new Int32Array([0x3fc00000, -2]));
  assertEquals(
    (await decodeIdx(idx(0x0d, [1], words.slice(0, 4)))).data,
    new Float32Array([1.5]),
  );
  assertEquals(
    (await decodeIdx(idx(0x0e, [1], [0x3f, 0xf8, 0, 0, 0, 0, 0, 0]))).data,
    new Float64Array([1.5]),
  );
});

Deno.test("decodeIdx() gives an array of its own", async () => {
  const file = idx(0x08, [1], [7]);
  const { data } = await decodeIdx(file);
  file.fill(0);
  assertEquals(data[0], 7);
});

Deno.test("decodeIdx() reads a gzipped file larger than one chunk", async () => {
  const body = Uint8Array.from({ length: 300_000 }, (_, i) => i * i % 251);
  const { shape, data } = await decodeIdx(await gzipped(idx(0x08, [300_000], body)));
  assertEquals(shape, [300_000]);
  assertEquals(data, body);
});

Deno.test("decodeIdx() says which part of the header is wrong", async () => {
  assertEquals(
    await refusal(new Uint8Array(0)),
    "file/header: 0 bytes / an IDX header of 8 bytes or more",
  );
  assert((await refusal(new Uint8Array([0, 0, 8, 1, 0]))).startsWith("file/header: 5 bytes"));
  assert((await refusal(new TextEncoder().encode("<html>"))).startsWith("file/header/magic: 0x3c"));
  assert((await refusal(idx(0x0a, [1], [1]))).startsWith("file/header/type: 0x0a / one of 0x08"));
  assert((await refusal(idx(0x08, [], []))).startsWith("file/header/rank: 0 / 1 to 8"));
});

Deno.test("decodeIdx() refuses a body that does not fit the header", async () => {
  for (const body of [[1, 2, 3], [1, 2, 3, 4, 5]]) {
    const file = idx(0x08, [2, 2], body);
    const expected = "4 bytes for the declared shape 2 × 2";
    assert((await refusal(file)).endsWith(expected));
    assert((await refusal(await gzipped(file))).endsWith(expected));
  }
});

Deno.test("decodeIdx() refuses absurd sizes before taking memory for them", async () => {
  const huge = idx(0x08, [0xffffffff, 0xffffffff], []);
  assert((await refusal(huge)).startsWith("file/header/shape"));
  assert((await refusal(await gzipped(huge))).startsWith("file/header/shape"));
  const large = idx(0x08, [2_000_000_000], [1]);
  assert((await refusal(large)).startsWith("file/body: 1 bytes"));
  assert((await refusal(await gzipped(large))).includes("too few to hold it"));
});

Deno.test("decodeIdx() refuses a damaged gzip stream", async () => {
  const file = await gzipped(idx(0x08, [1000], new Uint8Array(1000)));
  assert((await refusal(file.subarray(0, file.length - 9))).startsWith("file/gzip"));
  assert((await refusal(new Uint8Array([0x1f, 0x8b, 1, 2, 3]))).startsWith("file/gzip"));
});

Deno.test("decodeIdx() refuses or decodes any bytes, and never fails otherwise", async () => {
  const header = fc.tuple(
    fc.constantFrom(0, 0, 0, 1, 0x1f),
    fc.constantFrom(0, 0, 0, 0x8b),
    fc.constantFrom(8, 9, 0xb, 0xc, 0xd, 0xe, 0, 255),
    fc.integer({ min: 0, max: 3 }),
  );
  await fc.assert(
    fc.asyncProperty(header, fc.uint8Array({ maxLength: 40 }), async (start, rest) => {
      try {
        const { shape, data } = await decodeIdx(new Uint8Array([...start, ...rest]));
        assertEquals(shape.reduce((a, b) => a * b, 1), data.length);
      } catch (error) {
        if (!(error instanceof SteepestError)) throw error;
      }
    }),
    { seed: 11, numRuns: 300 },
  );
});

Deno.test("decodeIdx() stops unpacking where the declared bytes end", async () => {
  const bomb = await gzipped(idx(0x08, [10], new Uint8Array(30_000_000)));
  const unpacked = /at least (\d+) bytes/.exec(await refusal(bomb))?.[1];
  assertLess(Number(unpacked), 20_000_000);
});
