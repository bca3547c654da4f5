/**
 * From the tensor graph to stages: views vanish into index expressions, elementwise nodes into the
 * bodies of those who read them, and what must be stored becomes a stage of its own.
 *
 * @module
 */
import {
  type Axis,
  delinearize,
  type Index,
  indexAxis,
  indexConstant,
  indexDiv,
  indexDynamic,
  indexMod,
  indexScale,
  indexShift,
  indexSum,
  linearize,
} from "../loops/index.ts";
import {
  type Scalar,
  scalarBinary,
  scalarCast,
  scalarCompare,
  scalarConstant,
  scalarIndex,
  scalarInside,
  scalarLoad,
  scalarRandom,
  scalarSelect,
  scalarUnary,
  scalarWhere,
  type ValueId,
} from "../loops/scalar.ts";
import type { AdapterClass } from "../loops/adapter.ts";
import type { Combine, Stage, Value } from "../loops/stage.ts";
import { type Node, stridesOf } from "../tensor/node.ts";
import { topological } from "../tensor/walk.ts";
import { changedPlaces, type Places } from "./changed_places.ts";
import { solveContraction } from "./solve_contraction.ts";
import { isLeaf, isView, stagedNodes } from "./staged_nodes.ts";

/** A graph that must be stored into a slot. */
export interface Store {
  readonly slot: string;
  readonly version: number;
  readonly value: Node;
}

/** Stores that happen together, in kernels of their own. */
export interface StoreUnit {
  readonly stores: readonly Store[];
  /** Nodes that the unit evaluates for later ones. */
  readonly ahead: readonly Node[];
  /** The region that it is a part of. */
  readonly region: number;
  /** Whether that runs at every step; if not, its values are nobody else's. */
  readonly always: boolean;
}

/** All values, and the stages of each unit in order of dependence. */
export interface Staged {
  readonly values: readonly Value[];
  readonly units: readonly (readonly Stage[])[];
  /** Values that put pieces together, each element being read from one of them. */
  readonly assemblies: ReadonlySet<ValueId>;
  /** Values of which only some elements are stored, in the place of a slot. */
  readonly inPart: ReadonlySet<ValueId>;
  /** Which value is the stored one of a slot version. */
  readonly stores: ReadonlyMap<ValueId, { readonly slot: string; readonly version: number }>;
}

/** What the graph's inputs are: a slot of the step, or a word of the host's scalar row. */
export type InputSource = (node: Node) => Value["source"];

/**
 * Turns units of stores into stages.
 *
 * @param keeps Whether a slot can be read by those who need its next value.
 * @param own Whether a slot may be stored in part: one of the step, and none of the compiler's.
 */
export function buildStages(
  units: readonly StoreUnit[],
  inputSource: InputSource,
  keeps: (slot: string) => boolean,
  own: (slot: string) => boolean,
  { kind }: AdapterClass,
): Staged {
  const assigned = new Map<string, number>();
  for (const { stores } of units) {
    for (const { slot } of stores) assigned.set(slot, (assigned.get(slot) ?? 0) + 1);
  }
  const inPlace = (slot: string): boolean => keeps(slot) && assigned.get(slot) === 1;
  const roots = units.flatMap((u) => u.stores.map((s) => s.value));
  const order = topological(roots);
  const staged = stagedNodes(order, kind !== "script");
  const places = changedPlaces(
    units.flatMap((u) => u.stores),
    (slot) => inPlace(slot) && own(slot),
  );

  const values: Value[] = [];
  const valueOf = new Map<string, ValueId>();
  const assemblies = new Set<ValueId>();
  const stores = new Map<ValueId, { slot: string; version: number }>();
  const inPart = new Set<ValueId>();
  let axes = 0;
  const fresh = (prefix: string) => (extent: number): Axis => ({
    name: `${prefix}${axes++}`,
    extent,
  });

  const addValue = (node: Node, source: Value["source"], label: string): ValueId => {
    const id = values.length;
    values.push({ id, label, shape: node.shape, dtype: node.dtype, source });
    return id;
  };

  const leafValue = (node: Node): ValueId => {
    const known = valueOf.get(node.hash);
    if (known !== undefined) return known;
    const source: Value["source"] = node.op.kind === "constant"
      ? { kind: "constant", values: node.op.values }
      : inputSource(node);
    const label = node.op.kind === "input" ? node.op.name : "constant";
    const id = addValue(node, source, label);
    valueOf.set(node.hash, id);
    return id;
  };

  const memo = new Map<string, Scalar>();
  const read = (node: Node, at: readonly Index[]): Scalar => {
    const key = `${node.hash}@${at.map((i) => i.key).join(";")}`;
    const known = memo.get(key);
    if (known !== undefined) return known;
    const result = staged.has(node.hash) && valueOf.has(node.hash)
      ? scalarLoad(valueOf.get(node.hash)!, at, node.dtype)
      : body(node, at).scalar;
    memo.set(key, result);
    return result;
  };
  const flat = (node: Node, at: readonly Index[]) => linearize(at, node.shape);

  /** The value of a node at coordinates; `reduce` axes are left for the caller to combine over. */
  const body = (
    node: Node,
    at: readonly Index[],
  ): { scalar: Scalar; reduce: Axis[]; combine: Combine } => {
    const { op, inputs } = node;
    const plain = (scalar: Scalar) => ({ scalar, reduce: [] as Axis[], combine: "none" as const });
    const args = () => inputs.map((x) => read(x, at));
    switch (op.kind) {
      case "input":
        return plain(scalarLoad(leafValue(node), at, node.dtype));
      case "constant":
        return plain(
          op.values.length === 1
            ? scalarConstant(op.values[0]!, node.dtype)
            : scalarLoad(leafValue(node), at, node.dtype),
        );
      case "iota":
        return plain(scalarIndex(at[op.axis]!));
      case "unary": {
        const [a] = args();
        return plain(scalarUnary(op.fn, a!, node.dtype));
      }
      case "binary": {
        const [a, b] = args();
        return plain(scalarBinary(op.fn, a!, b!));
      }
      case "compare": {
        const [a, b] = args();
        return plain(scalarCompare(op.fn, a!, b!));
      }
      case "select": {
        const [when, a, b] = args();
        return plain(scalarSelect(when!, a!, b!));
      }
      case "cast":
        return plain(scalarCast(args()[0]!, node.dtype));
      case "reshape":
        return plain(read(inputs[0]!, delinearize(flat(node, at), inputs[0]!.shape)));
      case "permute": {
        const source = new Array<Index>(at.length);
        op.order.forEach((a, i) => source[a] = at[i]!);
        return plain(read(inputs[0]!, source));
      }
      case "broadcast":
        return plain(
          read(
            inputs[0]!,
            op.axes.map((a, i) => inputs[0]!.shape[i] === 1 ? indexConstant(0) : at[a]!),
          ),
        );
      case "slice":
        return plain(
          read(
            inputs[0]!,
            at.map((c, i) => indexShift(indexScale(c, op.stride[i]!), op.start[i]!)),
          ),
        );
      case "pad": {
        const x = inputs[0]!;
        let inside = scalarConstant(1, "bool");
        const source = at.map((c, i) => {
          const step = op.interior[i]! + 1;
          const shifted = indexShift(c, -op.low[i]!);
          const index = indexDiv(shifted, step);
          if (step > 1) {
            inside = scalarBinary("and", inside, scalarInside(indexMod(shifted, step), 1));
          }
          inside = scalarBinary("and", inside, scalarInside(index, x.shape[i]!));
          return index;
        });
        if (inside.kind === "constant" && inside.value === 0) {
          return plain(scalarConstant(0, node.dtype));
        }
        return plain(scalarSelect(inside, read(x, source), scalarConstant(0, node.dtype)));
      }
      case "concatenate": {
        let start = node.shape[op.axis]!;
        let result: Scalar | undefined;
        for (let i = inputs.length - 1; i >= 0; i--) {
          const part = inputs[i]!;
          start -= part.shape[op.axis]!;
          const here = read(part, at.map((c, a) => a === op.axis ? indexShift(c, -start) : c));
          const within = scalarInside(indexShift(at[op.axis]!, -start), part.shape[op.axis]!);
          result = result === undefined ? here : scalarSelect(within, here, result);
        }
        return plain(result!);
      }
      case "gather": {
        const [table, indices] = inputs;
        const rank = indices!.shape.length;
        const row = scalarBinary(
          "min",
          read(indices!, at.slice(0, rank)),
          scalarConstant(table!.shape[0]! - 1, "u32"),
        );
        return plain(
          read(table!, [indexDynamic(row, row.key, table!.shape[0]!), ...at.slice(rank)]),
        );
      }
      case "randomBits": {
        const [seed, step] = inputs;
        // A scalar serves all copies.
        const copies = Math.max(seed!.shape.length, step!.shape.length);
        const ofCopy = (x: Node) => read(x, at.slice(0, x.shape.length));
        const logical = linearize(at.slice(copies), node.shape.slice(copies));
        return plain(scalarRandom(ofCopy(seed!), ofCopy(step!), op.stream, logical));
      }
      case "reduce": {
        const x = inputs[0]!;
        const make = fresh("r");
        const reduced: Axis[] = [];
        let next = 0;
        const source = x.shape.map((d, i) => {
          if (!op.axes.includes(i)) return at[next++]!;
          const axis = make(d);
          reduced.push(axis);
          return indexAxis(axis);
        });
        const summed = reduced.filter((a) => a.extent > 1);
        if (summed.length === 0 && op.fn === "argmax") return plain(scalarConstant(0, "u32"));
        return { scalar: read(x, source), reduce: summed, combine: op.fn };
      }
      case "contraction": {
        const reduced: Axis[] = [];
        const make = fresh("r");
        const { indices, guards, multiples } = solveContraction(op, at, (extent) => {
          const axis = make(extent);
          reduced.push(axis);
          return axis;
        });
        let outer = scalarConstant(1, "bool");
        for (const g of guards) outer = scalarBinary("and", outer, scalarInside(g.index, g.extent));
        for (const m of multiples) {
          outer = scalarBinary("and", outer, scalarInside(indexMod(m.index, m.of), 1));
        }
        const factors = inputs.map((x, k) => {
          const source = op.maps[k]!.map((a) =>
            indexSum(
              a.factors.flatMap((f, i) => f === 0 ? [] : [{ factor: f, index: indices[i]! }]),
              a.constant,
            )
          );
          let inside = k === 0 ? outer : scalarConstant(1, "bool");
          source.forEach((c, i) =>
            inside = scalarBinary("and", inside, scalarInside(c, x.shape[i]!))
          );
          if (inside.kind === "constant" && inside.value === 0) return scalarConstant(0, "f32");
          const facts = [
            ...k === 0 ? guards : [],
            ...source.map((index, i) => ({ index, extent: x.shape[i]! })),
          ].filter(({ index }) => index.terms.length > 0);
          const element = scalarWhere(read(x, source), facts);
          return scalarSelect(inside, element, scalarConstant(0, "f32"));
        });
        const product = factors.length === 2
          ? scalarBinary("mul", factors[0]!, factors[1]!)
          : factors[0]!;
        return { scalar: product, reduce: reduced, combine: reduced.length > 0 ? "sum" : "none" };
      }
      case "scatterAdd": {
        const [indices, updates] = inputs;
        const make = fresh("r");
        const axesOf = indices!.shape.map((d) => make(d));
        const where = axesOf.map(indexAxis);
        const hit = scalarCompare("eq", read(indices!, where), scalarIndex(at[0]!));
        const update = read(updates!, [...where, ...at.slice(1)]);
        return {
          scalar: scalarSelect(hit, update, scalarConstant(0, "f32")),
          reduce: axesOf.filter((a) => a.extent > 1),
          combine: "sum",
        };
      }
      case "repeat":
        throw new RangeError("Loops are cut out before there are stages");
    }
  };

  const stageOf = (node: Node, id: ValueId): Stage => {
    const make = fresh("p");
    const parallel = node.shape.map((d) => make(d));
    const { scalar, reduce, combine } = body(node, parallel.map(indexAxis));
    const sums = reduce.length > 0 || combine === "argmax";
    return { value: id, parallel, reduce, combine: sums ? combine : "none", body: scalar };
  };
  /** The elements at the places of an axis that may change: what they are is the whole expression there. */
  const stageAt = (node: Node, id: ValueId, { axis, at }: Places): Stage => {
    const make = fresh("p"), extent = node.shape[axis]!;
    const parallel = node.shape.map((d, i) => make(i === axis ? at.length : d));
    const others = parallel.filter((_, i) => i !== axis).map(indexAxis);
    const last = scalarConstant(extent - 1, "u32"), which = indexAxis(parallel[axis]!);
    const place = at.map((x) => scalarBinary("min", read(x, others), last))
      .reduce((before, x, i) => scalarSelect(scalarInside(indexShift(which, -i), 1), x, before));
    const where = parallel.map((a, i) =>
      i === axis ? indexDynamic(place, place.key, extent) : indexAxis(a)
    );
    const { scalar } = body(node, where);
    inPart.add(id);
    return { value: id, parallel, reduce: [], combine: "none", body: scalar, place: where };
  };

  const temporary: Node[] = [];
  const built = units.map(({ stores: stored, ahead, always, region }, i) => {
    // What an earlier unit has made of a slot's last value reads the next one once that is stored.
    memo.clear();
    const stages: Stage[] = [];
    const next = new Map<string, Store>();
    const done = new Set<Store>();
    for (const store of stored) {
      const { op, hash } = store.value;
      if (inPlace(store.slot) && !isView(op.kind) && !isLeaf(op.kind)) next.set(hash, store);
    }
    for (const node of topological([...ahead, ...stored.map((s) => s.value)])) {
      const store = next.get(node.hash);
      // Who reads what a slot is to hold reads it there.
      if (store !== undefined) staged.add(node.hash);
      if (!staged.has(node.hash) || valueOf.has(node.hash)) continue;
      if (!always) temporary.push(node);
      const id = addValue(
        node,
        { kind: "stage" },
        store?.slot ?? `${node.op.kind}${node.shape.length > 0 ? `[${node.shape}]` : ""}`,
      );
      if (node.op.kind === "concatenate") assemblies.add(id);
      const some = store === undefined ? undefined : places.get(store.slot);
      stages.push(some === undefined ? stageOf(node, id) : stageAt(node, id, some));
      valueOf.set(node.hash, id);
      if (store === undefined) continue;
      stores.set(id, { slot: store.slot, version: store.version });
      done.add(store);
    }
    for (const store of stored) {
      if (done.has(store)) continue;
      const id = addValue(store.value, { kind: "stage" }, store.slot);
      const make = fresh("p");
      const parallel = store.value.shape.map((d) => make(d));
      const at = parallel.map(indexAxis);
      stages.push({
        value: id,
        parallel,
        reduce: [],
        combine: "none",
        body: read(store.value, at),
      });
      stores.set(id, { slot: store.slot, version: store.version });
    }
    if (!always && units[i + 1]?.region !== region) {
      for (const node of temporary.splice(0)) valueOf.delete(node.hash);
    }
    return stages;
  });
  return { values, units: built, assemblies, inPart, stores };
}

/** Row-major word address of coordinates. */
export function addressOf(at: readonly Index[], shape: readonly number[]): Index {
  const strides = stridesOf(shape);
  return indexSum(at.map((index, i) => ({ factor: strides[i]!, index })));
}
