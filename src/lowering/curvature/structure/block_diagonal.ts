/**
 * A whole matrix for each block of parameters.
 *
 * @module
 */
import { vmap } from "../../../autodiff/vmap.ts";
import { lead } from "../../../autodiff/vmap_rules.ts";
import { batched } from "../../../linalg/batched.ts";
import type { Product } from "../../../linalg/conjugate_gradients.ts";
import { loop } from "../../../linalg/loop.ts";
import { after, apply, firstIndex, identity, isIndex } from "../../../linalg/matrices.ts";
import { symmetricEigen } from "../../../linalg/symmetric_eigen.ts";
import type { BlockDiagonal } from "../../../optimizer/structure.ts";
import { joinPath } from "../../../optimizer/walk.ts";
import type { Node } from "../../../tensor/node.ts";
import {
  add,
  binary,
  broadcast,
  cast,
  compare,
  concatenate,
  constant,
  gather,
  input,
  iota,
  matmul,
  mul,
  permute,
  reshape,
  select,
  slice,
  transpose,
} from "../../../tensor/ops.ts";
import { flatten, type Space } from "../../arena.ts";
import { report } from "../../scope.ts";
import type { Basis } from "../operator.ts";
import type { Sample } from "../sample.ts";
import { withoutNoise } from "./noise.ts";
import type { StructureRule } from "./rule.ts";

/** Numbers that all blocks may keep: those of a whole matrix at its limit. */
const LARGEST = 4096 ** 2;

/** Columns of a matrix that are taken at once where it is known by its products. */
const COLUMNS = 16;

/** Some blocks of one size, one after the other. */
interface Run {
  readonly offset: number;
  readonly count: number;
  readonly size: number;
}

/** All blocks of one size. */
interface Group {
  readonly size: number;
  readonly count: number;
  readonly runs: readonly Run[];
}

/** The blocks of a space, in its order. */
function runsOf({ per }: BlockDiagonal, { entries }: Space): Run[] {
  return entries.flatMap(({ offset, size: all, shape: [units = 1, ...rest] }) => {
    const unit = rest.length > 0 ? all / units : all;
    const size = per === "tensor" ? all : per === "unit" ? unit : Math.min(per, all);
    const count = Math.floor(all / size), left = all - count * size;
    const run = { offset, count, size };
    return left === 0 ? [run] : [run, { offset: offset + count * size, count: 1, size: left }];
  });
}

/** The same blocks by their size. */
function groupsOf(structure: BlockDiagonal, space: Space): Group[] {
  const bySize = Map.groupBy(runsOf(structure, space), ({ size }) => size);
  return [...bySize].map(([size, runs]) => ({
    size,
    count: runs.reduce((total, { count }) => total + count, 0),
    runs,
  }));
}

/** What vectors [k, n] hold of the blocks of a group: [count, k, size]. */
function ofBlocks(vectors: Node, { runs, size }: Group): Node {
  const k = vectors.shape[0]!;
  return concatenate(
    runs.map(({ offset, count }) => {
      const own = slice(vectors, [0, offset], [k, offset + count * size]);
      return permute(reshape(own, [k, count, size]), [1, 0, 2]);
    }),
    0,
  );
}

/** The flat vector over a space of what each group has for its blocks, [count, size]. */
function inOrder(groups: readonly Group[], stacks: readonly Node[]): Node {
  const parts = groups.flatMap(({ runs, size }, i) => {
    let block = 0;
    return runs.map(({ offset, count }) => ({
      offset,
      part: slice(stacks[i]!, [block, 0], [block += count, size]),
    }));
  });
  return flatten(parts.toSorted((a, b) => a.offset - b.offset).map(({ part }) => part));
}

/** The same product in every block: matrix times vector, or the other way round. */
function times(stack: Node, x: Node, f: (matrix: Node) => Node): Node {
  return batched((m, v) => [apply(f(m!), v!)], [stack, x])[0]!;
}

/** Where each block of a group begins. */
function startsOf({ runs, size, count }: Group): Node {
  const starts = runs.flatMap((run) =>
    Array.from({ length: run.count }, (_, i) => run.offset + i * size)
  );
  return constant(starts, [count], "u32");
}

/**
 * The blocks [count, size, size] of a matrix that is known by its products. A probe that touched two blocks would
 * mix them, so that every column is a product; some columns of one block are taken together.
 */
function ofProducts(group: Group, product: Product, n: number, path: string): Node {
  const { count, size } = group;
  const columns = Math.min(size, COLUMNS), parts = Math.ceil(size / columns);
  const starts = startsOf(group), u32 = (x: number) => constant(x, [], "u32");
  const direction = input(`${path}/direction`, [n]);
  const image = product(direction);
  const [stack] = loop({
    times: count * parts,
    initial: [constant(0, [count * parts, columns, size]), firstIndex],
    body: (done, i) => {
      const block = binary("div", i!, u32(parts));
      const first = binary("mul", binary("rem", i!, u32(parts)), u32(columns));
      const column = binary("add", iota([columns, n], 0), first);
      const place = binary("add", column, gather(starts, block));
      // Beyond the block stand columns of the next one, or none: they are left out at the end.
      const here = compare("eq", iota([columns, n], 1), place);
      const { nodes, batched } = vmap(
        [image],
        new Map([[direction.hash, cast(here, "f32")]]),
        columns,
      );
      const images = lead({ node: nodes[0]!, batched: batched[0]! }, columns);
      const own = gather(ofBlocks(images, group), block);
      const shape = done!.shape;
      return [
        select(isIndex(shape, 0, i!), broadcast(own, shape, [1, 2]), done!),
        after(i!),
      ];
    },
  });
  const rows = reshape(stack!, [count, parts * columns, size]);
  return slice(rows, [0, 0, 0], [count, size, size]);
}

/** The blocks of a sample, from the view that costs least. */
function blocksOfSample(
  group: Group,
  { rows, times }: Sample,
  n: number,
  path: string,
): Node | undefined {
  if (rows !== undefined) {
    return batched((s) => [matmul(transpose(s!), s!)], [ofBlocks(rows(), group)])[0]!;
  }
  if (times === undefined) return undefined;
  const stack = ofProducts(group, times, n, path);
  // Products in single precision are not quite symmetric.
  return mul(0.5, add(stack, permute(stack, [0, 2, 1])));
}

/** The stacks of matrices that a statistic holds one after the other. */
function stacksOf(statistic: Node, groups: readonly Group[]): Node[] {
  let at = 0;
  return groups.map(({ count, size }) =>
    reshape(slice(statistic, [at], [at += count * size * size]), [count, size, size])
  );
}

/** The basis of all blocks, from that of every block of each group. */
function basisOfGroups(groups: readonly Group[], bases: readonly Node[], space: Space): Basis {
  const turned = (x: Node, f: (q: Node) => Node) => {
    const vectors = reshape(x, [1, space.size]);
    return inOrder(
      groups,
      groups.map((group, i) => {
        const own = reshape(ofBlocks(vectors, group), [group.count, group.size]);
        return times(bases[i]!, own, f);
      }),
    );
  };
  return { coordinates: (u) => turned(u, transpose), vector: (d) => turned(d, (q) => q) };
}

/** Names what is kept of the blocks of a group. */
const nameOf = ({ size }: Group, what: string): string => joinPath(size, what);

/** H′ = Q diag(λ) Qᵀ in each block. */
export const blockDiagonalRule: StructureRule<"blockDiagonal"> = {
  statistic: (structure, sample, scope) => {
    const { space, path } = scope;
    const groups = groupsOf(structure, space);
    const kept = groups.reduce((total, { count, size }) => total + count * size * size, 0);
    if (kept > LARGEST) {
      const found = `blocks of ${Math.max(...groups.map(({ size }) => size))} parameters at most`;
      report(
        scope,
        "limit",
        `${found}, ${kept} numbers in all blocks`,
        `at most ${LARGEST} numbers`,
      );
      return undefined;
    }
    const stacks = groups.map((group) =>
      blocksOfSample(group, sample, space.size, joinPath(path, group.size))
    );
    return stacks.every((stack) => stack !== undefined) ? flatten(stacks) : undefined;
  },
  identity: (structure, { space }) =>
    flatten(
      groupsOf(structure, space).map(({ count, size }) =>
        broadcast(identity(size), [count, size, size], [1, 2])
      ),
    ),
  basis: (structure, statistic, basisOf, { space }) => {
    const groups = groupsOf(structure, space);
    const bases = stacksOf(statistic, groups)
      .map((stack, i) => basisOf(nameOf(groups[i]!, "vectors"), stack));
    return basisOfGroups(groups, bases, space);
  },
  operator: (structure, statistic, { factor, spectrum, stage: { solver } }, { space }) => {
    const groups = groupsOf(structure, space);
    const sweeps = solver?.kind === "eigen" ? solver.sweeps : undefined;
    const bases = stacksOf(statistic, groups).map((stack, i) => {
      const [values, vectors] = batched((matrix) => {
        const eigen = symmetricEigen(matrix!, sweeps === undefined ? {} : { sweeps });
        return [withoutNoise(eigen.values), eigen.vectors];
      }, [stack]);
      return {
        q: factor(nameOf(groups[i]!, "vectors"), vectors!),
        lambda: factor(nameOf(groups[i]!, "values"), values!),
      };
    });
    const lambda = inOrder(groups, bases.map((basis) => basis.lambda));
    return {
      ...basisOfGroups(groups, bases.map(({ q }) => q), space),
      spectrum: spectrum(lambda, { signed: true }),
    };
  },
};
