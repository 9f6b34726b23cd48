import type { Json } from "../../platform/json.ts";
import { keyPattern } from "../../platform/names.ts";
import { type Compilation, complain, giveUp } from "./compilation.ts";
import { type RootName, rootNames, templateLimits } from "./limits.ts";
import type { Place } from "./place.ts";
import { parsePath, type Segment, type TemplatePath } from "./template-path.ts";
import { describeFound, fault, lookUp, type Run } from "./template-run.ts";

/** A path whose root is known. */
export interface Reference {
  readonly path: TemplatePath;
  /** Undefined where there is nothing. */
  readonly find: (run: Run) => Json | undefined;
}

const roots: ReadonlySet<string> = new Set(rootNames);

/** Undefined where the path names what cannot be; that is said. */
export const compileReference = (
  compilation: Compilation,
  path: TemplatePath,
  place: Place,
): Reference | undefined => {
  if (compilation.hasGivenUp) return undefined;
  const { root, segments } = path;
  if (compilation.bound.includes(root)) {
    return { path, find: ({ bindings }) => lookUp(bindings.get(root)?.value, segments) };
  }
  if (!roots.has(root)) {
    complain(compilation, place, unknownName(compilation, root));
    return undefined;
  }
  if (root === "config") return compileLookUp(compilation, path, place);
  const name = root as Exclude<RootName, "config">;
  return { path, find: ({ scope }) => lookUp(scope.values[name], segments) };
};

/** The key is in the template, so that it is known beforehand which ones a rendering can show. */
const compileLookUp = (
  compilation: Compilation,
  path: TemplatePath,
  place: Place,
): Reference | undefined => {
  const [key, ...rest]: readonly Segment[] = path.segments;
  if (typeof key !== "string" || !keyPattern.test(key)) {
    const message = `config needs a key: config["db.pool.size"]`;
    complain(compilation, place, message);
    return undefined;
  }
  const { configKeys } = compilation;
  if (configKeys.size >= templateLimits.configKeys && !configKeys.has(key)) {
    const message = `names more than ${templateLimits.configKeys} keys of configuration`;
    giveUp(compilation, place, message);
    return undefined;
  }
  configKeys.add(key);
  return { path, find: ({ scope }) => lookUp(scope.config(key), rest) };
};

const unknownName = ({ bound }: Compilation, root: string): string => {
  const known = [...rootNames, ...bound].join(", ");
  return `there is no ${JSON.stringify(root.slice(0, 60))} here; a path begins with one of ${known}`;
};

/** The path that a construct names; undefined where it is none. */
export const compilePathMember = (
  compilation: Compilation,
  template: Json | undefined,
  place: Place,
): Reference | undefined => {
  const taken = typeof template === "string" ? parsePath(template) : undefined;
  if (taken === undefined || "fault" in taken) {
    complain(compilation, place, taken?.fault ?? "must be a path, such as components");
    return undefined;
  }
  return compileReference(compilation, taken.path, place);
};

/** @throws Problem where there is nothing */
export const requireFound = (run: Run, { find, path }: Reference, place: Place): Json => {
  const found = find(run);
  if (found !== undefined) return found;
  throw fault(place, `there is no ${describeFound(run, path.root, path.segments)}`);
};
