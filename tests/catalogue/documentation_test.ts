/** What a reader finds at every entry: formula, source, errors, an example, a default for each option. */

import { catalogue } from "../../src/optimizer/catalogue/registry.ts";
import { assert, assertEquals } from "../_assert.ts";

interface Declaration {
  readonly kind: string;
  readonly jsDoc?: {
    readonly doc?: string;
    readonly tags?: readonly { readonly kind: string; readonly doc?: string }[];
  };
}

interface Documentation {
  readonly nodes: Readonly<
    Record<string, {
      readonly symbols: readonly {
        readonly name: string;
        readonly declarations: readonly Declaration[];
      }[];
    }>
  >;
}

const folder = new URL("../../src/optimizer/catalogue/", import.meta.url);

/** The functions of the catalogue by name. */
async function documented(): Promise<ReadonlyMap<string, Declaration>> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(folder)) files.push(new URL(name, folder).pathname);
  const command = new Deno.Command(Deno.execPath(), {
    args: ["doc", "--json", ...files.sort()],
    env: { NO_COLOR: "1" },
  });
  const { code, stdout, stderr } = await command.output();
  const decoder = new TextDecoder();
  assertEquals(code, 0, decoder.decode(stderr));
  const { nodes } = JSON.parse(decoder.decode(stdout)) as Documentation;
  const symbols = Object.values(nodes).flatMap((file) => file.symbols);
  return new Map(
    symbols.flatMap(({ name, declarations }) =>
      declarations.filter(({ kind }) => kind === "function").map((one) => [name, one] as const)
    ),
  );
}

Deno.test("every entry of the catalogue says its formula, its source and its errors, and has an example", async () => {
  const functions = await documented();
  const missing: string[] = [];
  for (const name of Object.keys(catalogue)) {
    const { doc = "", tags = [] } = functions.get(name)?.jsDoc ?? {};
    const example = tags.find(({ kind }) => kind === "example")?.doc ?? "";
    const found = {
      formula: doc.includes("θ"),
      source: /Source:/.test(doc),
      errors: tags.some(({ kind }) => kind === "throws"),
      example: example.includes("```ts") && example.includes(name) && example.includes("assert"),
    };
    for (const [what, is] of Object.entries(found)) if (!is) missing.push(`${name}: ${what}`);
  }
  assertEquals(missing, []);
});

Deno.test("every entry of the catalogue has a title, a source with a year or a paper, and values to try", () => {
  for (const { name, title, source, suggested } of Object.values(catalogue)) {
    assert(title.length > 0 && (/\d{4}/.test(source) || /^[a-z]+(-[a-z]+)+, /.test(source)), name);
    assert(
      Object.values(suggested).some((values) => values.length > 1),
      `${name} suggests nothing`,
    );
  }
});
