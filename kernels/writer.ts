/**
 * Writes expressions as statements, each shared subexpression once and as far outside of the loops
 * as what it depends on allows.
 *
 * @module
 */
import { type Axis, type Index, indexShift } from "../src/loops/index.ts";
import {
  type DType,
  type Scalar,
  scalarHasFold,
  scalarIsPlace,
  scalarOperands,
  type ValueId,
} from "../src/loops/scalar.ts";
import { addUp } from "./addends.ts";
import { declareSum, vectorOf, type Written } from "./addresses.ts";
import type { Follower } from "./grid.ts";
import { LaneWriter } from "./lanes.ts";
import type { BoundBuffer, BoundWindow, LaneSyntax, Syntax } from "./syntax.ts";

/** What the writer has to know about the kernel around it. */
export interface WriterContext {
  readonly syntax: Syntax;
  /** Word address of a value's element, with its buffer. */
  readonly address: (
    value: ValueId,
    at: readonly Index[],
  ) => { readonly buffer: BoundBuffer; readonly word: Index };
  /** Names for a thread's coordinates along the axes of its grid, of which the first is the outermost. */
  readonly thread: (axes: readonly Axis[], followers?: readonly Follower[]) => readonly string[];
  /** Told of each access to a buffer that is seen as vectors: to which lane of one, or to a word by itself. */
  readonly touched: (buffer: BoundBuffer, split: ReturnType<typeof vectorOf>) => void;
}

/** A word's buffer, and the vector that it lies in. */
type Address = ReturnType<WriterContext["address"]> & {
  readonly split: ReturnType<typeof vectorOf>;
};

/** An expression that loads. */
type Load = Extract<Scalar, { kind: "load" }>;

interface Scope {
  readonly lines: string[];
  readonly names: Map<string, string>;
  readonly axis: string | undefined;
}

/** A number that is so much more. */
function shifted(text: string, by: number, syntax: Syntax): string {
  if (by === 0) return text;
  return `${text} ${by < 0 ? "-" : "+"} ${syntax.integer(Math.abs(by))}`;
}

/** Statement by statement construction of a kernel's body. */
export class Writer {
  readonly #context: WriterContext;
  readonly #scopes: Scope[] = [{ lines: [], names: new Map(), axis: undefined }];
  readonly #axes = new Map<string, Written>();
  readonly #locals = new Map<string, number>();
  readonly #uses = new Map<string, number>();
  readonly #addresses = new Map<string, Address>();
  #count = 0;
  /** The scope of the innermost test: what is loaded for its sake is not loaded before it. */
  #tested = 0;

  /** Writes neighbours together, where the target has vectors. */
  readonly lanes: LaneWriter | undefined;

  constructor(context: WriterContext) {
    this.#context = context;
    const { lanes } = context.syntax;
    this.lanes = lanes === undefined ? undefined : new LaneWriter(this, lanes);
  }

  /** The statements written so far. */
  get lines(): readonly string[] {
    return this.#scopes[0]!.lines;
  }

  /** A name that is not in use. */
  fresh(prefix: string): string {
    return `${prefix}${this.#count++}`;
  }

  /** Makes `axis` known under a name, in the current scope. */
  bind(axis: Axis, text: string): void {
    this.#axes.set(axis.name, { text, depth: this.#scopes.length - 1 });
  }

  /** A statement in the current scope. */
  line(text: string): void {
    this.#scopes[this.#scopes.length - 1]!.lines.push(text);
  }

  /** A mutable variable of the current scope, which expressions may name as a local. */
  variable(dtype: DType, value: string, prefix = "s"): string {
    const name = this.fresh(prefix);
    this.line(this.#context.syntax.variable(name, dtype, value));
    this.#locals.set(name, this.#scopes.length - 1);
    return name;
  }

  /** Sums of several lanes, which expressions may name as locals: `name.x` and so on. */
  sums(
    width: number,
    syntax: LaneSyntax,
  ): { readonly name: string; readonly lanes: readonly string[] } {
    const name = this.fresh("s");
    this.line(syntax.sums(name, width));
    const lanes = Array.from({ length: width }, (_, lane) => syntax.lane(name, lane));
    for (const lane of lanes) this.#locals.set(lane, this.#scopes.length - 1);
    return { name, lanes };
  }

  /** Adds to a variable. */
  add(name: string, value: string): void {
    this.line(this.#context.syntax.accumulate(name, value, "f32"));
  }

  /** Ends a sum of f32. */
  total(sum: string): void {
    const end = this.#context.syntax.total(sum);
    if (end !== undefined) this.line(end);
  }

  /** Statements that are run where `when` holds. */
  where(when: Scalar, inside: () => void): void {
    const { branch, close } = this.#context.syntax;
    const test = branch(this.scalar(when)), outer = this.#tested;
    this.#tested = this.#scopes.length;
    this.block(test, close, undefined, inside);
    this.#tested = outer;
  }

  /** Runs `inside` within a block; `open` and `close` are written round it. */
  block(open: string, close: string, axis: Axis | undefined, inside: () => void): void {
    this.#scopes.push({ lines: [], names: new Map(), axis: axis?.name });
    inside();
    const scope = this.#scopes.pop()!;
    this.line(open);
    for (const l of scope.lines) this.line(l);
    this.line(close);
  }

  /** A loop over an axis. */
  loop(axis: Axis, inside: () => void): void {
    const { syntax } = this.#context;
    const name = this.fresh("i");
    const [open, close] = syntax.loop(name, axis.extent);
    this.block(open, close, axis, () => {
      this.bind(axis, name);
      inside();
    });
    this.#axes.delete(axis.name);
  }

  /** The text of an index. */
  index(index: Index): string {
    return this.#index(index).text;
  }

  /** The text of an expression, after the statements it needs. */
  scalar(s: Scalar): string {
    return this.written(s).text;
  }

  /**
   * Counts who uses the sums of expressions that are written later. Inside a branch a sum would be
   * written again for every other branch, and what is made of those sums again for each of its own.
   */
  expect(roots: readonly Scalar[]): void {
    for (const root of roots) {
      if (!scalarHasFold(root)) continue;
      const uses = this.#uses.get(root.key) ?? 0;
      this.#uses.set(root.key, uses + 1);
      if (uses === 0 && root.kind !== "fold") this.expect(scalarOperands(root));
    }
  }

  /** Whether several expressions use the sums of this one. */
  isShared(s: Scalar): boolean {
    return (this.#uses.get(s.key) ?? 0) > 1;
  }

  /** Remembers what a variable of the current scope is. */
  keep(key: string, name: string): Written {
    const depth = this.#scopes.length - 1;
    this.#scopes[depth]!.names.set(key, name);
    return { text: name, depth };
  }

  /** One of two sides; what they write is known to nobody else. */
  choose(when: string, yes: () => void, no: () => void): void {
    const { syntax } = this.#context, outer = this.#tested;
    const [first, second] = [yes, no].map((side) => {
      if (syntax.scalar) this.#tested = this.#scopes.length;
      this.#scopes.push({ lines: [], names: new Map(), axis: undefined });
      side();
      this.#tested = outer;
      return this.#scopes.pop()!.lines;
    });
    const lines = [syntax.branch(when), ...first!, syntax.otherwise, ...second!, syntax.close];
    lines.forEach((text) => this.line(text));
  }

  /** Writes what several expressions use, before a branch would hide it. */
  #ahead(s: Scalar, seen: Set<Scalar> = new Set()): void {
    if (seen.has(s) || !scalarHasFold(s)) return;
    seen.add(s);
    if (this.isShared(s)) this.written(s);
    else if (s.kind !== "fold") { for (const o of scalarOperands(s)) this.#ahead(o, seen); }
  }

  /** Whether writing an expression would write loops. */
  #hasLoops(s: Scalar, seen: Set<Scalar> = new Set()): boolean {
    if (seen.has(s) || !scalarHasFold(s) || this.named(s.key) !== undefined) return false;
    seen.add(s);
    return s.kind === "fold" || scalarOperands(s).some((o) => this.#hasLoops(o, seen));
  }

  /** What is written under a key and can be named here. */
  named(key: string): Written | undefined {
    for (let d = this.#scopes.length - 1; d >= 0; d--) {
      const name = this.#scopes[d]!.names.get(key);
      if (name !== undefined) return { text: name, depth: d };
    }
    return undefined;
  }

  /** A name for a value, in the innermost scope that it depends on. */
  declare(
    key: string,
    dtype: DType | "vec4f" | "vec4u" | "index",
    value: string,
    depth: number,
  ): Written {
    const scope = this.#scopes[depth]!;
    const name = this.fresh("t");
    scope.lines.push(this.#context.syntax.declare(name, dtype, value));
    scope.names.set(key, name);
    return { text: name, depth };
  }

  #index(index: Index): Written {
    const { syntax } = this.#context;
    const { constant } = index;
    if (index.terms.length === 0) return { text: syntax.integer(constant), depth: 0 };
    const { text, depth } = this.#terms(index);
    return { text: shifted(text, constant, syntax), depth };
  }

  /** What neighbouring addresses have in common: an index without its constant. */
  #terms(index: Index): Written {
    const { syntax } = this.#context;
    const only = index.terms[0]!;
    if (index.terms.length === 1 && only.factor === 1) return this.#atom(only.atom);
    const terms = index.terms.map(({ factor, atom }) => ({
      factor,
      key: `${factor}*${atom.key}`,
      ...this.#atom(atom),
    }));
    return declareSum(
      terms,
      syntax,
      (key, text, depth) => this.named(key) ?? this.declare(key, "index", text, depth),
    );
  }

  #atom(atom: Index["terms"][number]["atom"]): Written {
    const { syntax } = this.#context;
    if (atom.kind === "axis") {
      const bound = this.#axes.get(atom.axis.name);
      if (bound === undefined) throw new RangeError(`Axis ${atom.axis.name} is not bound`);
      return bound;
    }
    if (atom.kind === "dynamic") return this.written(atom.scalar as Scalar);
    const key = `atom:${atom.key}`;
    const known = this.named(key);
    if (known !== undefined) return known;
    // Quotients round down: a numerator that may be negative is moved up by whole multiples first.
    const lift = atom.of.low < 0 ? Math.ceil(-atom.of.low / atom.by) : 0;
    const numerator = this.#index(indexShift(atom.of, lift * atom.by));
    const text = atom.kind === "mod"
      ? syntax.remainder(`(${numerator.text})`, atom.by)
      : lift === 0
      ? syntax.quotient(`(${numerator.text})`, atom.by)
      : `(${syntax.quotient(`(${numerator.text})`, atom.by)} - ${syntax.integer(lift)})`;
    return this.declare(key, "index", text, numerator.depth);
  }

  /** An expression, after the statements it needs. */
  written(s: Scalar): Written {
    const { syntax } = this.#context;
    if (s.kind === "constant") return { text: syntax.constant(s.value, s.dtype), depth: 0 };
    if (s.kind === "local") {
      return { text: s.name, depth: this.#locals.get(s.name) ?? this.#scopes.length - 1 };
    }
    const known = this.named(s.key);
    if (known !== undefined) return known;
    if (s.kind === "load") return this.#load(s);
    if (s.kind === "fold") return this.#fold(s);
    if (s.kind === "select" && syntax.scalar && scalarIsPlace(s.when)) return this.#branch(s);
    if (s.kind === "select" && scalarHasFold(s)) {
      for (const side of [s.a, s.b]) this.#ahead(side);
      if (this.#hasLoops(s.a) || this.#hasLoops(s.b)) return this.#branch(s);
    }
    const operands = scalarOperands(s).map((o) => this.written(o));
    let depth = operands.reduce((d, o) => Math.max(d, o.depth), 0);
    const [a, b, c] = operands.map((o) => o.text);
    let text: string;
    switch (s.kind) {
      case "index":
      case "inside":
      case "random": {
        const index = this.#index(s.index);
        depth = Math.max(depth, index.depth);
        text = s.kind === "index"
          ? `(${index.text})`
          : s.kind === "inside"
          ? syntax.inside(index.text, s.extent)
          : syntax.random(a!, b!, s.stream, index.text);
        break;
      }
      case "unary":
        text = syntax.unary(s.fn, a!);
        break;
      case "cast":
        text = syntax.cast(a!, s.a.dtype, s.dtype);
        break;
      case "binary":
        text = syntax.binary(s.fn, a!, b!, s.dtype);
        break;
      case "compare":
        text = syntax.compare(s.fn, a!, b!);
        break;
      case "select":
        text = syntax.select(a!, b!, c!);
        break;
    }
    return this.declare(s.key, s.dtype, text, depth);
  }

  /** The word of a load in the vector that it lies in, if its buffer is seen as vectors. */
  component(s: Load): (Written & { readonly element: "vec4f" | "vec4u" }) | undefined {
    const { lanes } = this.#context.syntax, { buffer, split } = this.#address(s);
    const { element } = buffer;
    if (lanes === undefined || split === undefined) return undefined;
    if (element !== "vec4f" && element !== "vec4u") return undefined;
    const key = `vector:${buffer.position}:${split.vector.key}`;
    const vector = this.named(key) ?? this.#vector(key, buffer, split.vector);
    return { text: lanes.lane(vector.text, split.lane), depth: vector.depth, element };
  }

  #address(s: Load): Address {
    const found = this.#addresses.get(s.key);
    if (found !== undefined) return found;
    const place = this.#context.address(s.value, s.at), split = vectorOf(place.word);
    if (place.buffer.element.startsWith("vec")) this.#context.touched(place.buffer, split);
    const known = { ...place, split };
    this.#addresses.set(s.key, known);
    return known;
  }

  #vector(key: string, buffer: BoundBuffer, vector: Index): Written {
    const at = this.#index(vector);
    const { syntax } = this.#context;
    return this.declare(key, buffer.element, syntax.loadVector(buffer, at.text), at.depth);
  }

  #load(s: Load): Written {
    const { syntax } = this.#context;
    const part = this.component(s);
    if (part !== undefined) {
      const { text, element, depth } = part;
      return { text: syntax.fromWord(text, element, s.dtype), depth };
    }
    const { buffer, word } = this.#address(s), { window, ...whole } = buffer;
    const at = window === undefined ? this.#index(word) : this.#within(window, word);
    const depth = Math.max(at.depth, this.#tested);
    return this.declare(s.key, s.dtype, syntax.load(whole, at.text, s.dtype), depth);
  }

  /**
   * The address of a word, counted from where a window begins, as its vectors are when they are read. What the loads
   * of words share is computed once: drivers make the quotient and the remainder of what follows, its vector and lane,
   * one number again.
   */
  #within({ first }: BoundWindow, word: Index): Written {
    const { syntax } = this.#context, { constant } = word;
    const { text, depth } = this.#terms(word), key = `within:${first}:${text}`;
    const four = syntax.integer(4);
    const start = this.named(key) ??
      this.declare(key, "index", `${text} - ${four} * ${first}`, depth);
    return { text: shifted(start.text, constant, syntax), depth };
  }

  #fold(s: Extract<Scalar, { kind: "fold" }>): Written {
    const { syntax } = this.#context;
    const name = this.variable(s.dtype, syntax.constant(0, s.dtype), "m");
    this.loop(s.axis, () => {
      if (syntax.scalar && s.dtype === "f32") addUp([{ name, term: s.a }], this);
      else this.line(syntax.accumulate(name, this.written(s.a).text, s.dtype));
    });
    if (s.dtype === "f32") this.total(name);
    return this.keep(s.key, name);
  }

  /** A choice whose sides hold loops of their own is a branch, so that only one side is evaluated. */
  #branch(s: Extract<Scalar, { kind: "select" }>): Written {
    const { syntax } = this.#context;
    const name = this.variable(s.dtype, syntax.constant(0, s.dtype), "c");
    const put = (value: Scalar) => (): void => this.line(`${name} = ${this.written(value).text};`);
    this.choose(this.written(s.when).text, put(s.a), put(s.b));
    return this.keep(s.key, name);
  }
}
