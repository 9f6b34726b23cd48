import type { Json, JsonObject } from "../../platform/json.ts";
import { brokenPart, type Compilation, complain, type Part, type Standing } from "./compilation.ts";
import { compilePathMember, type Reference, requireFound } from "./compile-reference.ts";
import { rootNames, templateLimits } from "./limits.ts";
import { inside } from "./place.ts";
import { isBareName } from "./template-path.ts";
import { describeFound, type Emit, fault, type Run, spendValue, step } from "./template-run.ts";

type CompilePart = (compilation: Compilation, template: Json, standing: Standing) => Part;

interface Construct {
  readonly compilation: Compilation;
  readonly template: JsonObject;
  readonly standing: Standing;
  readonly compilePart: CompilePart;
}

const compilers = {
  $each: (construct: Construct) => compileEach(construct),
  $if: (construct: Construct) => compileIf(construct),
  $get: (construct: Construct) => compileGet(construct),
} as const;

const members: Readonly<Record<keyof typeof compilers, readonly string[]>> = {
  $each: ["$each", "as", "render"],
  $if: ["$if", "then", "else"],
  $get: ["$get", "default"],
};

/** Compiles a map that has a member whose name begins with a single `$`. */
export const compileConstruct = (construct: Construct, name: string): Part => {
  const { compilation, standing, template } = construct;
  const { place } = standing;
  if (!isConstruct(name)) {
    const message = `is no construct; there are $each, $if and $get, and $${name} stands for a name that begins with $`;
    complain(compilation, inside(place, name), message);
    return brokenPart;
  }
  for (const other of Object.keys(template)) {
    if (!members[name].includes(other)) {
      complain(compilation, inside(place, other), `is no member of ${name}`);
    }
  }
  return compilers[name](construct);
};

const isConstruct = (name: string): name is keyof typeof compilers =>
  Object.hasOwn(compilers, name);

const part = (
  { compilation, compilePart, standing, template }: Construct,
  member: string,
  more: Partial<Standing> = {},
): Part => {
  const place = inside(standing.place, member);
  const value = template[member];
  if (value === undefined) {
    complain(compilation, place, "is missing");
    return brokenPart;
  }
  const templateDepth = standing.templateDepth + 1;
  return compilePart(compilation, value, { ...standing, place, templateDepth, ...more });
};

const reference = ({ compilation, standing, template }: Construct, member: string) =>
  compilePathMember(compilation, template[member], inside(standing.place, member));

/** Has a part give its values; a constant one is counted here. */
export const perform = (one: Part, run: Run, standing: Standing, emit: Emit): void => {
  if ("perform" in one) return one.perform(run, emit);
  spendValue(run, one.constant, standing.depth, standing.place);
  emit(one.constant);
};

const compileGet = (construct: Construct): Part => {
  const { standing } = construct;
  const looked = reference(construct, "$get");
  const fallback = part(construct, "default");
  if (looked === undefined) return brokenPart;
  return {
    perform(run, emit) {
      step(run, standing.place);
      const found = looked.find(run);
      if (found === undefined || found === null) return perform(fallback, run, standing, emit);
      spendValue(run, found, standing.depth, standing.place);
      emit(found);
    },
  };
};

const compileIf = (construct: Construct): Part => {
  const { compilation, standing, template } = construct;
  const looked = reference(construct, "$if");
  const then = part(construct, "then");
  const isOpen = template["else"] === undefined;
  if (isOpen && standing.position === "whole") {
    complain(compilation, standing.place, "needs an else here, since a job spec is one value");
  }
  const otherwise = isOpen ? undefined : part(construct, "else");
  if (looked === undefined) return brokenPart;
  return {
    perform(run, emit) {
      step(run, standing.place);
      const chosen = counts(looked.find(run)) ? then : otherwise;
      if (chosen !== undefined) perform(chosen, run, standing, emit);
    },
  };
};

const counts = (value: Json | undefined): boolean =>
  value !== undefined &&
  value !== null &&
  value !== false &&
  value !== "" &&
  !(Array.isArray(value) && value.length === 0);

const compileEach = (construct: Construct): Part => {
  const { compilation, standing } = construct;
  if (standing.position !== "list") {
    complain(compilation, standing.place, "$each stands in a list, whose items it makes");
  }
  const looked = reference(construct, "$each");
  const name = boundName(construct);
  compilation.bound.push(name);
  if (compilation.bound.length > templateLimits.nestedLoops) {
    const message = `loops are nested deeper than ${templateLimits.nestedLoops}`;
    complain(compilation, standing.place, message);
  }
  const body = part(construct, "render");
  compilation.bound.pop();
  if (looked === undefined) return brokenPart;
  return { perform: (run, emit) => repeat({ run, emit, looked, name, body, standing }) };
};

const boundName = ({ compilation, standing, template }: Construct): string => {
  const place = inside(standing.place, "as");
  const name = template["as"];
  if (typeof name !== "string" || !isBareName(name)) {
    complain(compilation, place, "must be a name of letters, digits, - and _");
    return "";
  }
  const isTaken = compilation.bound.includes(name) || rootNames.some((root) => root === name);
  if (isTaken) complain(compilation, place, `${JSON.stringify(name)} names something else here`);
  return name;
};

interface Repetition {
  readonly run: Run;
  readonly emit: Emit;
  readonly looked: Reference;
  readonly name: string;
  readonly body: Part;
  readonly standing: Standing;
}

const repeat = ({ body, emit, looked, name, run, standing }: Repetition): void => {
  const { place } = standing;
  const { root, segments } = looked.path;
  const list = requireFound(run, looked, place);
  if (!Array.isArray(list)) {
    throw fault(place, `${describeFound(run, root, segments)} is no list`);
  }
  const outer = run.bindings.get(root);
  const origin = { root: outer?.root ?? root, segments: [...(outer?.segments ?? []), ...segments] };
  for (const [index, value] of list.entries()) {
    step(run, place);
    run.bindings.set(name, { ...origin, segments: [...origin.segments, index], value });
    perform(body, run, standing, emit);
  }
  run.bindings.delete(name);
};
