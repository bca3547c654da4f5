/**
 * What a caller without types may give in place of an argument, and whether it came to a typed error.
 */
import { isDeepStrictEqual } from "node:util";
import { input, linear, objective, sgd, square, SteepestError } from "../../mod.ts";
import { verify } from "../../src/tensor/verify.ts";

/** What stands where something else is meant, by name. */
export const WRONG = {
  undefined,
  null: null,
  true: true,
  three: 3,
  NaN,
  negative: -1,
  fraction: 1.5,
  text: "nonsense",
  object: {},
  list: [],
  hole: [undefined],
  // No text can be made of it, which a message may try.
  mute: JSON.parse(`{ "toString": 1, "valueOf": 1 }`) as object,
  function: () => undefined,
  optimizer: sgd(),
  objective: objective({ parameters: { x: 1 }, loss: ({ x }) => square(x) }),
  tensor: input("foreign", [2, 3]),
  schedule: linear({ from: 0.1, to: 0, steps: 3 }),
} as const;

/** The name of a wrong value. */
export type WrongName = keyof typeof WRONG;

/** The names of all of them. */
export const NAMES = Object.keys(WRONG) as readonly WrongName[];

/** An argument that is right, and which of the others are right in its place too. */
export interface Argument {
  readonly right: unknown;
  readonly fine: readonly WrongName[];
  /** Of options: the same for each of them. */
  readonly options?: Readonly<Record<string, Argument>>;
  /** Whether it may have other names besides. */
  readonly open?: boolean;
}

/** How a function is called rightly. */
export interface Call {
  readonly call: (...given: readonly unknown[]) => unknown;
  readonly given: readonly Argument[];
}

/** A call with one thing wrong. */
interface Mistake {
  readonly where: string;
  readonly given: readonly unknown[];
  /** Whether it may be right after all. */
  readonly fine: boolean;
  /** Whether it is all of an argument that is wrong. */
  readonly whole: boolean;
}

function replaced(
  { right, fine, options, open = false }: Argument,
): readonly (readonly [string, unknown, boolean])[] {
  const whole = NAMES.map((name) => [`: ${name}`, WRONG[name], fine.includes(name)] as const);
  if (options === undefined) return whole;
  const known = right as Readonly<Record<string, unknown>>;
  return [
    ...whole,
    ["/unknownOption", { ...known, unknownOption: 1 }, open],
    ...Object.entries(options).flatMap(([name, inner]) =>
      replaced(inner).map(([where, value, fine]) =>
        [`/${name}${where}`, { ...known, [name]: value }, fine] as const
      )
    ),
  ];
}

/** Every call with one thing wrong. */
export function mistakes({ given }: Call): readonly Mistake[] {
  const right = given.map((argument) => argument.right);
  return given.flatMap((argument, i) =>
    replaced(argument).map(([where, value, fine]) => ({
      where: `argument ${i}${where}`,
      given: right.with(i, value),
      fine,
      whole: where.startsWith(":"),
    }))
  );
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";

/** What is wrong with an error; nothing where it says what was found, what was expected, and where. */
function fault(error: unknown): string | undefined {
  const issues: unknown = error instanceof SteepestError ? error.issues : error;
  if (!Array.isArray(issues)) return `${error}`;
  if (issues.length === 0) return "no issues";
  const bad = issues.find(({ path, found, expected, message }) =>
    typeof path !== "string" || ![found, expected, message].every(isText)
  );
  return bad === undefined ? undefined : `an issue without facts: ${JSON.stringify(bad)}`;
}

/** How a call ended. */
interface Ending {
  /** How the caller hears of it. */
  readonly way: "value" | "throws" | "rejects" | "left";
  readonly value?: unknown;
  readonly error?: unknown;
}

function settled(value: unknown): Ending {
  const either = value as {
    readonly _tag?: unknown;
    readonly left?: unknown;
    readonly right?: unknown;
  };
  if (typeof value !== "object" || value === null) return { way: "value", value };
  if (either._tag === "Left") return { way: "left", error: either.left };
  return { way: "value", value: either._tag === "Right" ? either.right : value };
}

async function ending(run: () => unknown): Promise<Ending> {
  let value: unknown;
  try {
    value = run();
  } catch (error) {
    return { way: "throws", error };
  }
  try {
    return settled(await value);
  } catch (error) {
    return { way: "rejects", error };
  }
}

interface Kinded {
  readonly kind: string;
}

const isKinded = (value: unknown): value is Kinded =>
  typeof value === "object" && value !== null && typeof Reflect.get(value, "kind") === "string";

const isNode = (value: unknown): value is typeof WRONG.tensor =>
  typeof value === "object" && value !== null && "op" in value && "inputs" in value;

/**
 * Whether a value that was not refused is one: a graph that the verifier takes, or a description, which the
 * schemas have taken, and in which an argument makes a difference.
 */
function stands(value: unknown, without: unknown, whole: boolean): boolean {
  if (isNode(value)) return verify([value]).length === 0;
  return isKinded(value) && !(whole && isDeepStrictEqual(value, without));
}

/** Every mistake that came to something else than it should. */
export async function unseen(of: Call): Promise<readonly string[]> {
  const right = await ending(() => of.call(...of.given.map((argument) => argument.right)));
  if (right.way !== "value") {
    return [
      `what is right is refused: ${(right.error as Error)?.message ?? JSON.stringify(right.error)}`,
    ];
  }
  const promised = isPromise(of);
  const found: string[] = [];
  const defaults = (await ending(() => of.call())).value;
  for (const { where, given, fine, whole } of mistakes(of)) {
    const { way, value, error } = await ending(() => of.call(...given));
    if (way === "value") {
      if (!fine && !stands(value, defaults, whole)) found.push(`${where}: taken`);
      (value as Partial<Disposable> | undefined)?.[Symbol.dispose]?.();
      continue;
    }
    const wrong = fault(error);
    if (wrong !== undefined) found.push(`${where}: ${wrong}`);
    else if (promised && way === "throws") found.push(`${where}: thrown, not rejected`);
  }
  return found;
}

function isPromise({ call, given }: Call): boolean {
  const value = call(...given.map((argument) => argument.right));
  return value instanceof Promise;
}
