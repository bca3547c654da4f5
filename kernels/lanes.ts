/**
 * Neighbours written together: two to four expressions that differ in nothing but what they load are
 * one expression over vectors.
 *
 * @module
 */
import {
  type DType,
  type Scalar,
  scalarConstant,
  scalarHasFold,
  scalarOperands,
} from "../src/loops/scalar.ts";
import type { LaneSyntax, Operand } from "./syntax.ts";
import type { Writer } from "./writer.ts";

/** Values of several lanes, and the depth of the innermost scope that they depend on. */
export type Lanes =
  & { readonly depth: number }
  & (
    /** One value for all lanes. */
    | { readonly kind: "same"; readonly text: string }
    | { readonly kind: "vector"; readonly text: string }
    /** Values that lie apart. */
    | { readonly kind: "parts"; readonly texts: readonly string[] }
  );

/** How many lanes a group has at most. */
export const MOST_LANES = 4;

const PART = /^(\w+)\.([xyzw])$/;

/** Neighbouring components of one vector as one swizzle. */
function swizzles(texts: readonly string[]): string[] {
  const pieces: { name: string | undefined; text: string }[] = [];
  for (const text of texts) {
    const part = PART.exec(text);
    const last = pieces.at(-1);
    if (part !== null && last !== undefined && last.name === part[1]) last.text += part[2]!;
    else pieces.push({ name: part?.[1], text });
  }
  return pieces.map(({ name, text }) => text === `${name}.xyzw` ? name! : text);
}

/** Writes lanes with the statements of a writer. */
export class LaneWriter {
  readonly #writer: Writer;
  readonly #syntax: LaneSyntax;

  constructor(writer: Writer, syntax: LaneSyntax) {
    this.#writer = writer;
    this.#syntax = syntax;
  }

  /** Evaluates expressions of one type. */
  write(of: readonly Scalar[]): Lanes {
    const first = of[0]!;
    if (of.every(({ key }) => key === first.key)) {
      return { kind: "same", ...this.#writer.written(first) };
    }
    const key = this.#key(of);
    const known = this.#writer.named(key);
    if (known !== undefined) return { kind: "vector", ...known };
    const written = of.some(scalarHasFold) ? this.#loops(of, key) : this.#operation(of, key);
    return written ?? this.#parts(of);
  }

  /** Expressions with sums: those go over one axis together, and one condition chooses for all lanes. */
  #loops(of: readonly Scalar[], key: string): Lanes | undefined {
    const first = of[0]!;
    if (first.kind === "fold") {
      const folds = of.filter((s) => s.kind === "fold" && s.axis.name === first.axis.name);
      if (folds.length < of.length || first.dtype !== "f32") return;
      const { name } = this.#writer.sums(of.length, this.#syntax);
      this.#writer.loop(first.axis, () => this.add(name, this.#operandsOf(of)[0]!));
      return { kind: "vector", ...this.#writer.keep(key, name) };
    }
    if (first.kind !== "select") return this.#operation(of, key);
    const [when, yes, no] = this.#operandsOf(of);
    if (when?.some((s) => s.key !== when[0]!.key) ?? true) return;
    for (const side of [yes!, no!]) this.#ahead(side);
    if (!this.#writesLoops(yes!) && !this.#writesLoops(no!)) return this.#operation(of, key);
    if (first.dtype !== "f32") return;
    const { name } = this.#writer.sums(of.length, this.#syntax);
    const put = (side: readonly Scalar[]) => (): void =>
      this.#writer.line(`${name} = ${this.vector(this.write(side), "f32", of.length)};`);
    this.#writer.choose(this.#writer.written(when![0]!).text, put(yes!), put(no!));
    return { kind: "vector", ...this.#writer.keep(key, name) };
  }

  /** The operands of all lanes, side by side; none if the lanes are not alike. */
  #operandsOf(of: readonly Scalar[]): readonly (readonly Scalar[])[] {
    if (of.some(({ kind }) => kind !== of[0]!.kind)) return [];
    const each = of.map(scalarOperands);
    return each[0]!.map((_, i) => each.map((operands) => operands[i]!));
  }

  /** Writes what several expressions use, before a branch would hide it. */
  #ahead(of: readonly Scalar[]): void {
    if (!of.some(scalarHasFold) || this.#writer.named(this.#key(of)) !== undefined) return;
    if (this.#writer.isShared(of[0]!)) this.write(of);
    else if (of[0]!.kind !== "fold") this.#operandsOf(of).forEach((lanes) => this.#ahead(lanes));
  }

  /** Whether writing expressions would write loops. */
  #writesLoops(of: readonly Scalar[]): boolean {
    if (!of.some(scalarHasFold) || this.#writer.named(this.#key(of)) !== undefined) return false;
    return of[0]!.kind === "fold" || this.#operandsOf(of).some((lanes) => this.#writesLoops(lanes));
  }

  /** The text of one lane. */
  lane(lanes: Lanes, lane: number): string {
    if (lanes.kind === "parts") return lanes.texts[lane]!;
    return lanes.kind === "same" ? lanes.text : this.#syntax.lane(lanes.text, lane);
  }

  /** All lanes as a vector. */
  vector(lanes: Lanes, dtype: DType, width: number): string {
    const { text, wide } = this.#operand(lanes, dtype, width);
    return wide ? text : this.#syntax.join([text], dtype, width);
  }

  /** Adds products to the lanes of `name`; absent ones are 0. */
  addProducts(name: string, products: readonly (Product | undefined)[]): void {
    const some = products.filter((p) => p !== undefined);
    const width = products.length, zero = scalarConstant(0, "f32");
    // What is the same in all lanes stays so: the other factor is the one that is zero.
    const shared = some.every(({ b }) => b.key === some[0]!.b.key) ? "b" : "a";
    const side = (of: "a" | "b"): Operand => {
      const instead = of === shared ? some[0]![of] : zero;
      return this.#operand(this.write(products.map((p) => p?.[of] ?? instead)), "f32", width);
    };
    const a = side("a"), b = side("b");
    const text = this.#syntax.binary("mul", a, b, "f32", width);
    this.#writer.add(name, a.wide || b.wide ? text : this.#syntax.join([text], "f32", width));
  }

  /** Adds expressions to the lanes of `name`. */
  add(name: string, terms: readonly Scalar[]): void {
    this.#writer.add(name, this.vector(this.write(terms), "f32", terms.length));
  }

  #key(of: readonly Scalar[]): string {
    return `lanes:${of.map(({ key }) => key).join("|")}`;
  }

  #parts(of: readonly Scalar[]): Lanes {
    const parts = of.map((s) => this.#writer.written(s));
    return {
      kind: "parts",
      texts: parts.map(({ text }) => text),
      depth: parts.reduce((most, { depth }) => Math.max(most, depth), 0),
    };
  }

  #operand(lanes: Lanes, dtype: DType, width: number): Operand {
    if (lanes.kind !== "parts") return { text: lanes.text, wide: lanes.kind === "vector" };
    const pieces = swizzles(lanes.texts);
    if (pieces.length === 1) return { text: pieces[0]!, wide: true };
    const key = `join:${lanes.texts.join("|")}`;
    const known = this.#writer.named(key);
    if (known !== undefined) return { text: known.text, wide: true };
    const join = this.#syntax.join(pieces, dtype, width);
    return { text: this.#writer.declare(key, dtype, join, lanes.depth).text, wide: true };
  }

  /** One operation for all lanes, if they are alike. */
  #operation(of: readonly Scalar[], key: string): Lanes | undefined {
    const syntax = this.#syntax, width = of.length;
    const first = of[0]!;
    let depth = 0;
    const operand = (operands: readonly Scalar[]): Operand => {
      const lanes = this.write(operands);
      depth = Math.max(depth, lanes.depth);
      return this.#operand(lanes, operands[0]!.dtype, width);
    };
    const wide = (operands: readonly Scalar[]): string => {
      const { text, wide: is } = operand(operands);
      return is ? text : syntax.join([text], operands[0]!.dtype, width);
    };
    const every = <K extends Scalar["kind"]>(kind: K) => {
      const same = of.filter((s): s is Extract<Scalar, { kind: K }> => s.kind === kind);
      return same.length === width ? same : undefined;
    };
    const text = ((): string | undefined => {
      switch (first.kind) {
        case "load": {
          const words = this.#words(every("load"));
          depth = words?.depth ?? 0;
          return words?.text;
        }
        case "unary": {
          const all = every("unary")?.filter(({ fn }) => fn === first.fn);
          if (all?.length !== width) return;
          return syntax.unary(first.fn, wide(all.map(({ a }) => a)), width);
        }
        case "cast": {
          const all = every("cast")?.filter(({ a }) => a.dtype === first.a.dtype);
          if (all?.length !== width) return;
          return syntax.cast(wide(all.map(({ a }) => a)), first.a.dtype, first.dtype, width);
        }
        case "binary": {
          const all = every("binary")?.filter(({ fn }) => fn === first.fn);
          if (all?.length !== width) return;
          const a = operand(all.map((s) => s.a)), b = operand(all.map((s) => s.b));
          return syntax.binary(first.fn, a, b, first.dtype, width);
        }
        case "compare": {
          const all = every("compare")?.filter(({ fn, a }) =>
            fn === first.fn && a.dtype === first.a.dtype
          );
          if (all?.length !== width) return;
          const a = operand(all.map((s) => s.a)), b = operand(all.map((s) => s.b));
          return syntax.compare(first.fn, a, b, first.a.dtype, width);
        }
        case "select": {
          const all = every("select");
          if (all === undefined) return;
          const when = operand(all.map((s) => s.when));
          const a = operand(all.map((s) => s.a)), b = operand(all.map((s) => s.b));
          return syntax.select(when, a, b, first.dtype, width);
        }
        default:
          return undefined;
      }
    })();
    if (text === undefined) return undefined;
    return { kind: "vector", ...this.#writer.declare(key, first.dtype, text, depth) };
  }

  /** Words that lie in vectors, and mean something else there. */
  #words(
    loads: readonly Extract<Scalar, { kind: "load" }>[] | undefined,
  ): { readonly text: string; readonly depth: number } | undefined {
    const words = (loads ?? []).flatMap((s) => this.#writer.component(s) ?? []);
    const element = words[0]?.element, dtype = loads?.[0]?.dtype;
    if (element === undefined || dtype === undefined || words.length < loads!.length) return;
    if (words.some((w) => w.element !== element)) return;
    const plain = element === "vec4f" ? "f32" : "u32";
    if (dtype === plain) return;
    const texts = words.map(({ text }) => text);
    const depth = words.reduce((most, w) => Math.max(most, w.depth), 0);
    const { text } = this.#operand({ kind: "parts", texts, depth }, plain, texts.length);
    return { text: this.#syntax.fromWords(text, element, dtype, texts.length), depth };
  }
}

/** Two factors. */
export interface Product {
  readonly a: Scalar;
  readonly b: Scalar;
}
