/** Files for the tests of this room. */

/** An IDX file with this type code, these extents and this body. */
export function idx(
  code: number,
  extents: readonly number[],
  body: Iterable<number>,
): Uint8Array<ArrayBuffer> {
  const words = extents.flatMap((extent) =>
    [24, 16, 8, 0].map((shift) => (extent >>> shift) & 255)
  );
  return new Uint8Array([0, 0, code, extents.length, ...words, ...body]);
}

/** The bytes, gzipped. */
export async function gzipped(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
  const packed = new Blob([bytes]).stream().pipeThrough(new CompressionStream("gzip"));
  return new Uint8Array(await new Response(packed).arrayBuffer());
}

/** The four files of a very small MNIST with these labels. */
export function mnistFiles(
  train: readonly number[],
  test: readonly number[],
): Record<string, Uint8Array<ArrayBuffer>> {
  function images(labels: readonly number[]): Uint8Array<ArrayBuffer> {
    return idx(0x08, [labels.length, 28, 28], labels.flatMap((label) => Array(784).fill(label)));
  }
  return {
    "train-images-idx3-ubyte": images(train),
    "train-labels-idx1-ubyte": idx(0x08, [train.length], train),
    "t10k-images-idx3-ubyte": images(test),
    "t10k-labels-idx1-ubyte": idx(0x08, [test.length], test),
  };
}
