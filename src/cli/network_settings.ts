/**
 * What an entry of the catalogue suggests where its defaults are not for a network.
 *
 * @module
 */
import * as E from "fp-ts/lib/Either.js";
import { SteepestError } from "../errors.ts";
import { lower } from "../lowering/lower.ts";
import { classification } from "../objective/classification.ts";
import { fromCatalogue } from "../optimizer/catalogue/by_name.ts";
import { catalogue, type Options } from "../optimizer/catalogue/registry.ts";
import { type ModelName, withModel } from "./subject.ts";
import type { Setting } from "./values.ts";

/** An optimizer on a network, as the command line names them. */
interface OnNetwork {
  readonly optimizer: string;
  readonly settings: Readonly<Record<string, Setting>>;
  readonly model: ModelName;
  readonly batchSize: number;
}

function fits({ optimizer, settings, model, batchSize }: OnNetwork): boolean {
  const built = fromCatalogue(optimizer, settings);
  if (E.isLeft(built)) return false;
  return withModel(model, (it) => E.isRight(lower(classification(it, batchSize), built.right)));
}

/** What to add to the settings, or to put in their place where that is not enough. */
function lackingSettings(asked: OnNetwork): Options | undefined {
  const { optimizer, settings } = asked;
  const entry = Object.hasOwn(catalogue, optimizer) ? catalogue[optimizer] : undefined;
  if (entry === undefined || fits(asked)) return undefined;
  const suggested = Object.entries(entry.network);
  return [
    suggested.filter(([name]) => !Object.hasOwn(settings, name)),
    suggested.filter(([name, value]) => settings[name] !== value),
  ]
    .map((lacking): Options => Object.fromEntries(lacking))
    .find((lacking) => fits({ ...asked, settings: { ...settings, ...lacking } }));
}

const flag = ([name, value]: readonly [string, unknown]): string =>
  `--set ${name}=${typeof value === "string" ? value : JSON.stringify(value)}`;

/** The same error, and the settings that would have spared it where the catalogue has some. */
function advised(cause: SteepestError, asked: OnNetwork): SteepestError {
  const lacking = lackingSettings(asked);
  if (lacking === undefined) return cause;
  const advice = `for a network: ${Object.entries(lacking).map(flag).join(" ")}`;
  const issues = cause.issues.map((one) => ({ ...one, message: `${one.message}\n${advice}` }));
  return new SteepestError(cause.kind, issues, { cause });
}

/** Does the work; what it says against the optimizer ends with the settings that suit the network. */
export async function advisingSettings<T>(
  asked: OnNetwork,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof SteepestError ? advised(cause, asked) : cause;
  }
}
