import { type FieldError, Problem } from "../../errors.ts";
import { isJsonObject, type Json, jsonSizeBytes } from "../../platform/json.ts";
import { type RootName, templateLimits } from "./limits.ts";
import { describePlace, type Place } from "./place.ts";
import { describePath, type Segment } from "./template-path.ts";

/** What a template is rendered over. */
export interface TemplateScope {
  readonly values: Readonly<Record<Exclude<RootName, "config">, Json>>;
  /** The effective value of a configuration key; undefined where there is none. */
  readonly config: (key: string) => Json | undefined;
}

/** A value that a loop gives a name, and the path that it was found at. */
interface Binding {
  readonly value: Json;
  readonly root: string;
  readonly segments: readonly Segment[];
}

/** One rendering: what it sees, and what it has used of its limits. */
export interface Run {
  readonly scope: TemplateScope;
  readonly bindings: Map<string, Binding>;
  steps: number;
  bytes: number;
}

export type Emit = (value: Json) => void;

/** Gives its values, in order, to what is around it. */
export type Perform = (run: Run, emit: Emit) => void;

export const fault = (place: Place, message: string): Problem => {
  const error: FieldError = { path: describePlace(place), message };
  return new Problem("UNPROCESSABLE", message, { errors: [error] });
};

export const step = (run: Run, place: Place): void => {
  run.steps += 1;
  if (run.steps <= templateLimits.steps) return;
  throw fault(place, `takes more than ${templateLimits.steps} steps`);
};

export const spend = (run: Run, bytes: number, place: Place): void => {
  run.bytes += bytes;
  if (run.bytes <= templateLimits.outputBytes) return;
  throw fault(place, `makes the result larger than ${templateLimits.outputBytes} bytes of JSON`);
};

/** Counts a value that is to stand inside so many maps and lists; what is too much is not read on. */
export const spendValue = (run: Run, value: Json, depth: number, place: Place): void => {
  if (typeof value !== "object" || value === null) return spend(run, jsonSizeBytes(value), place);
  if (depth >= templateLimits.depth) {
    throw fault(place, `nests the result deeper than ${templateLimits.depth} levels`);
  }
  if (Array.isArray(value)) {
    spend(run, 2 + Math.max(0, value.length - 1), place);
    for (const item of value) spendValue(run, item, depth + 1, place);
    return;
  }
  const names = Object.keys(value);
  spend(run, 2 + Math.max(0, names.length - 1), place);
  for (const name of names) {
    spend(run, jsonSizeBytes(name) + 1, place);
    spendValue(run, value[name] ?? null, depth + 1, place);
  }
};

/** What a path finds; undefined where there is nothing. */
export const lookUp = (value: Json | undefined, segments: readonly Segment[]): Json | undefined => {
  let found = value;
  for (const segment of segments) {
    if (typeof segment === "number") {
      found = Array.isArray(found) ? found[segment] : undefined;
    } else {
      found = isJsonObject(found) && Object.hasOwn(found, segment) ? found[segment] : undefined;
    }
  }
  return found;
};

/** A path with the names that loops have bound replaced by what they stand for. */
export const describeFound = (run: Run, root: string, segments: readonly Segment[]): string => {
  const bound = run.bindings.get(root);
  return bound === undefined
    ? describePath(root, segments)
    : describePath(bound.root, [...bound.segments, ...segments]);
};
