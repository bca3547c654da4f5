/**
 * What callers without types may give in place of a model.
 *
 * @module
 */
import { type Issue, issue } from "../errors.ts";
import { isRecord } from "../errors/options.ts";
import { show } from "../errors/words.ts";

/** Whether something is the shape of a tensor. */
export function isShape(value: unknown): boolean {
  return Array.isArray(value) && value.every((d) => Number.isInteger(d) && d >= 1);
}

/** What is wrong with a model. */
export function modelIssues(model: unknown): Issue[] {
  const fine = isRecord(model) && isShape(model["inputShape"]) &&
    Number.isInteger(model["classes"]) && typeof model["outputs"] === "function";
  return fine ? [] : [issue("model", show(model), "a model, such as what mlp() gives")];
}
