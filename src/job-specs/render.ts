import { createHash } from "node:crypto";
import type { FieldError } from "../errors.ts";
import { canonicalJson } from "../platform/canonical-json.ts";
import { isJsonObject, type Json, type JsonObject } from "../platform/json.ts";
import { defaultTemplate } from "./default-template.ts";
import type { Attestation } from "./kinds/shapes.ts";
import { type CompiledTemplate, compileTemplate } from "./template/compile-template.ts";
import type { TemplateScope } from "./template/template-run.ts";

/** What a job spec was made from: an entry of the global scope, or an effective value at (app, environment). */
export interface Dependency {
  readonly kind: string;
  readonly app: string;
  readonly environment: string;
  readonly key: string;
}

/** An attestation that is ready to be rendered. */
export interface PreparedAttestation {
  readonly key: string;
  readonly value: Attestation;
  readonly template: CompiledTemplate;
}

/** Where what an attestation names is found; undefined where it is not there. */
export interface Sources {
  readonly definition: (kind: string, key: string) => Json | undefined;
  readonly config: (key: string) => Json | undefined;
}

type RenderResult = { readonly spec: Json; readonly hash: string } | { readonly error: FieldError };

export interface Rendering {
  readonly result: RenderResult;
  /** All that the result was made from, found or not: only when one of them changes can it change. */
  readonly dependencies: readonly Dependency[];
}

const compiledDefault = compileTemplate(defaultTemplate);

/** `value` is what the attestation kind has accepted. */
export const prepareAttestation = (key: string, value: Json): PreparedAttestation => {
  const attestation = value as Attestation;
  const { template } = attestation;
  const compiled = template === undefined ? compiledDefault : compileTemplate(template);
  return { key, value: attestation, template: compiled };
};

/**
 * Renders an attestation: its template over the definitions that it names and the configuration of its
 * (app, environment). The same definitions make the same spec and hash. `path` in an error is a place in
 * the attestation, or in the default template where it has none.
 */
export const renderJobSpec = (attestation: PreparedAttestation, sources: Sources): Rendering => {
  const seen = new Map<string, Dependency>();
  const note = (dependency: Dependency): void => {
    const { app, environment, key, kind } = dependency;
    seen.set(`${kind}/${app}/${environment}/${key}`, dependency);
  };
  const result = renderOver(attestation, noting(attestation, sources, note));
  return { result, dependencies: [...seen.values()] };
};

/** The same sources, telling of each thing that is asked for. */
const noting = (
  { key: attestation, value: { app = "", environment = "" } }: PreparedAttestation,
  { config, definition }: Sources,
  note: (dependency: Dependency) => void,
): Sources => {
  note({ kind: "attestation", app: "", environment: "", key: attestation });
  return {
    definition(kind, key) {
      note({ kind, app: "", environment: "", key });
      return definition(kind, key);
    },
    config(key) {
      note({ kind: "config", app, environment, key });
      return config(key);
    },
  };
};

const renderOver = (
  { key, template, value }: PreparedAttestation,
  { config, definition }: Sources,
): RenderResult => {
  const missing: FieldError[] = [];
  const take = (kind: string, name: string, path: string): JsonObject => {
    const found = definition(kind, name);
    if (found === undefined) missing.push({ path, message: `there is no ${kind} "${name}"` });
    return scopeEntry(kind, name, found);
  };
  const assessment = take("assessment", value.assessment, "assessment");
  const components = value.components.map((name, index) =>
    take("component", name, `components.${index}`),
  );
  const controls = controlKeys(components).map((name) => take("control", name, "components"));
  const [error] = missing;
  if (error !== undefined) return { error };
  const attestation = scopeEntry("attestation", key, value);
  const scope = { values: { attestation, assessment, components, controls }, config };
  return renderTemplate(template, scope, value.template !== undefined);
};

const renderTemplate = (
  template: CompiledTemplate,
  scope: TemplateScope,
  isOwn: boolean,
): RenderResult => {
  const rendered = template.render(scope);
  if ("value" in rendered) {
    const hash = createHash("sha256").update(canonicalJson(rendered.value)).digest("hex");
    return { spec: rendered.value, hash };
  }
  const { message, path } = rendered.error;
  return { error: { message, path: isOwn ? `template${path === "" ? "" : `.${path}`}` : path } };
};

/** Each once, in order, so that the order in which components name them does not show. */
const controlKeys = (components: readonly JsonObject[]): readonly string[] => {
  const keys = new Set<string>();
  for (const { controls } of components) {
    if (!Array.isArray(controls)) continue;
    for (const key of controls) if (typeof key === "string") keys.add(key);
  }
  return [...keys].sort();
};

/** Members that a template sees by name, and that do not come along with the whole entry. */
const aside: Readonly<Record<string, ReadonlySet<string>>> = {
  attestation: new Set(["oscal", "labels", "intervalSeconds"]),
};
const asideOfAll: ReadonlySet<string> = new Set(["oscal"]);

const scopeEntry = (kind: string, key: string, value: Json | undefined): JsonObject => {
  const entry: JsonObject = { key };
  if (!isJsonObject(value)) return entry;
  for (const [name, member] of Object.entries(value)) {
    if (name === "key" || (kind === "attestation" && name === "template")) continue;
    // Own, so that a path finds it; not enumerable, so that it is not written.
    const enumerable = !(aside[kind] ?? asideOfAll).has(name);
    Object.defineProperty(entry, name, { value: member, enumerable });
  }
  return entry;
};
