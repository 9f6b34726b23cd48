import { type FieldError, Problem } from "../../errors.ts";
import { nameFault, textFault } from "../../platform/documents/text-faults.ts";
import { type Json, type JsonObject, jsonSizeBytes } from "../../platform/json.ts";
import { brokenPart, type Compilation, complain, type Part, type Standing } from "./compilation.ts";
import { compileConstruct, perform } from "./compile-construct.ts";
import { compileReference, type Reference, requireFound } from "./compile-reference.ts";
import { templateLimits } from "./limits.ts";
import { inside, type Place } from "./place.ts";
import {
  describeFound,
  type Emit,
  fault,
  type Run,
  spend,
  spendValue,
  step,
  type TemplateScope,
} from "./template-run.ts";
import { parseText } from "./template-text.ts";

/** What became of a template: a value, or why there is none, with the place in the template. */
type Rendered = { readonly value: Json } | { readonly error: FieldError };

export interface CompiledTemplate {
  /** What is wrong with it, by places in the template; it can be rendered where there is nothing. */
  readonly errors: readonly FieldError[];
  /** All keys of configuration that a rendering may look up. */
  readonly configKeys: readonly string[];
  render(scope: TemplateScope): Rendered;
}

/**
 * Compiles a template: JSON in which texts hold references, and maps can be constructs. See
 * docs/job-specs.md for the language. It can do nothing but copy what its scope shows, in bounded time.
 */
export const compileTemplate = (template: Json): CompiledTemplate => {
  const compilation: Compilation = {
    errors: [],
    configKeys: new Set(),
    bound: [],
    hasGivenUp: false,
  };
  const whole: Standing = { place: undefined, position: "whole", templateDepth: 0, depth: 0 };
  const part = compilePart(compilation, template, whole);
  const errors = compilation.errors;
  return {
    errors,
    configKeys: [...compilation.configKeys],
    render(scope) {
      const [error] = errors;
      return error === undefined ? renderPart(part, scope, whole) : { error };
    },
  };
};

const renderPart = (part: Part, scope: TemplateScope, standing: Standing): Rendered => {
  const run: Run = { scope, bindings: new Map(), steps: 0, bytes: 0 };
  let value: Json = null;
  try {
    perform(part, run, standing, (emitted) => {
      value = emitted;
    });
    return { value };
  } catch (error) {
    if (!(error instanceof Problem) || error.errors[0] === undefined) throw error;
    return { error: error.errors[0] };
  }
};

const compilePart = (compilation: Compilation, template: Json, standing: Standing): Part => {
  if (compilation.hasGivenUp) return brokenPart;
  if (typeof template === "string") return compileText(compilation, template, standing);
  if (typeof template !== "object" || template === null) return { constant: template };
  if (standing.templateDepth >= templateLimits.depth) {
    const message = `is nested deeper than ${templateLimits.depth} levels`;
    complain(compilation, standing.place, message);
    return brokenPart;
  }
  if (Array.isArray(template)) return compileList(compilation, template, standing);
  const construct = Object.keys(template).find((name) => /^\$(?!\$)/.test(name));
  return construct === undefined
    ? compileMap(compilation, template, standing)
    : compileConstruct({ compilation, template, standing, compilePart }, construct);
};

const within = (standing: Standing, segment: string | number): Standing => ({
  place: inside(standing.place, segment),
  position: typeof segment === "number" ? "list" : "member",
  templateDepth: standing.templateDepth + 1,
  depth: standing.depth + 1,
});

const compileList = (
  compilation: Compilation,
  template: readonly Json[],
  standing: Standing,
): Part => {
  const items = template.map((item, index) => {
    const inner = within(standing, index);
    return { inner, part: compilePart(compilation, item, inner) };
  });
  const constants = items.flatMap(({ part }) => ("constant" in part ? [part.constant] : []));
  if (constants.length === items.length) return { constant: constants };
  return {
    perform(run, emit) {
      const list: Json[] = [];
      begin(run, standing);
      for (const { inner, part } of items) {
        perform(part, run, inner, (item) => {
          if (list.length > 0) spend(run, 1, inner.place);
          list.push(item);
        });
      }
      emit(list);
    },
  };
};

const compileMap = (compilation: Compilation, template: JsonObject, standing: Standing): Part => {
  const members = Object.entries(template).map(([written, value]) => {
    const inner = within(standing, written);
    const wrong = nameFault(written);
    if (wrong !== undefined) complain(compilation, inner.place, wrong);
    const name = written.startsWith("$$") ? written.slice(1) : written;
    return { inner, name, part: compilePart(compilation, value, inner) };
  });
  const constants = members.flatMap(({ name, part }) =>
    "constant" in part ? [[name, part.constant] as const] : [],
  );
  if (constants.length === members.length) return { constant: Object.fromEntries(constants) };
  return {
    perform(run, emit) {
      const map: JsonObject = {};
      let count = 0;
      begin(run, standing);
      for (const { inner, name, part } of members) {
        perform(part, run, inner, (value) => {
          spend(run, jsonSizeBytes(name) + (count > 0 ? 2 : 1), inner.place);
          count += 1;
          map[name] = value;
        });
      }
      emit(map);
    },
  };
};

const begin = (run: Run, { depth, place }: Standing): void => {
  step(run, place);
  spendValue(run, [], depth, place);
};

const compileText = (compilation: Compilation, text: string, standing: Standing): Part => {
  const { place } = standing;
  const wrong = textFault(text);
  const parsed = wrong === undefined ? parseText(text) : { fault: wrong };
  if ("fault" in parsed) {
    complain(compilation, place, parsed.fault);
    return brokenPart;
  }
  const parts = parsed.parts.map((part) =>
    typeof part === "string" ? part : compileReference(compilation, part, place),
  );
  const [first] = parts;
  if (parts.length === 1 && typeof first === "string") return { constant: first };
  if (parts.length === 1 && first !== undefined) return insertion(first as Reference, standing);
  return { perform: (run, emit) => performText(run, parts, place, emit) };
};

const insertion = (reference: Reference, { depth, place }: Standing): Part => ({
  perform(run, emit) {
    step(run, place);
    const value = requireFound(run, reference, place);
    spendValue(run, value, depth, place);
    emit(value);
  },
});

const performText = (
  run: Run,
  parts: readonly (string | Reference | undefined)[],
  place: Place,
  emit: Emit,
): void => {
  let text = "";
  spend(run, 2, place);
  for (const part of parts) {
    step(run, place);
    if (part === undefined) continue;
    const inserted = typeof part === "string" ? part : scalarText(run, part, place);
    spend(run, jsonSizeBytes(inserted) - 2, place);
    text += inserted;
  }
  emit(text);
};

const scalarText = (run: Run, reference: Reference, place: Place): string => {
  const value = requireFound(run, reference, place);
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const { root, segments } = reference.path;
  const what = value === null ? "null" : Array.isArray(value) ? "a list" : "a map";
  throw fault(place, `${describeFound(run, root, segments)} is ${what}, which no text can hold`);
};
