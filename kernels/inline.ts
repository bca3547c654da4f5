/**
 * Names that are used once give way to what they stand for: half of a kernel's text, and of what the
 * driver has to read, would be names.
 *
 * @module
 */

/** Text up to which a value is written where it is used: parsers nest only so deep. */
const LONGEST = 160;

const NAME = /\bt\d+\b/g;

/** A value that waits for its only use. */
interface Waiting {
  readonly line: string;
  readonly text: string;
}

/** A text without the brackets round all of it. */
function bare(text: string): string {
  if (!text.startsWith("(")) return text;
  let depth = 0;
  for (let i = 0; i < text.length - 1; i++) {
    depth += text[i] === "(" ? 1 : text[i] === ")" ? -1 : 0;
    if (depth === 0) return text;
  }
  return text.slice(1, -1);
}

/** Whether a text is one operand wherever it stands. */
function isOperand(text: string): boolean {
  let depth = 0;
  for (const c of text) {
    if (c === "(" || c === "[") depth++;
    else if (c === ")" || c === "]") depth--;
    else if (c === " " && depth === 0) return false;
  }
  return true;
}

/**
 * The statements without the names that are used once, in the block that declares them. A value moves to its use
 * only past statements that change nothing it reads.
 */
export function inlineNames(lines: readonly string[]): readonly string[] {
  const uses = new Map<string, number>();
  for (const line of lines) {
    for (const [name] of line.matchAll(NAME)) uses.set(name, (uses.get(name) ?? 0) + 1);
  }
  const done: string[] = [];
  const waiting = new Map<string, Waiting>();
  const write = (...names: readonly string[]): void => {
    for (const name of names) {
      done.push(waiting.get(name)!.line);
      waiting.delete(name);
    }
  };
  for (const line of lines) {
    const used = line.replace(NAME, (name: string, at: number) => {
      const known = waiting.get(name);
      if (known === undefined) return name;
      waiting.delete(name);
      const { text } = known;
      // Between brackets and commas an operation needs none of its own, nor after what it is assigned to.
      const alone = /[[(]$|, $|[^=!<>]= $/.test(line.slice(0, at)) &&
        /^[\]),;]/.test(line.slice(at + name.length));
      return alone ? bare(text) : isOperand(text) ? text : `(${text})`;
    });
    // A declaration counts itself.
    const [, name, text] = /^let (t\d+) = (.*);$/.exec(used) ?? [];
    if (name !== undefined && uses.get(name) === 2 && text!.length <= LONGEST) {
      waiting.set(name, { line: used, text: text! });
      continue;
    }
    if (/[{}]/.test(used)) write(...waiting.keys());
    else {
      const changed = /^(\w+)(?:\.\w|\[.*?\])? \+?= /.exec(used)?.[1];
      if (changed !== undefined) {
        const reads = new RegExp(`\\b${changed}\\b`);
        write(...[...waiting].filter(([, { text }]) => reads.test(text)).map(([n]) => n));
      }
    }
    const [, start, value] = /^(.* [+]?= )(\(.*\));$/.exec(used) ?? [];
    done.push(start === undefined ? used : `${start}${bare(value!)};`);
  }
  return done;
}
