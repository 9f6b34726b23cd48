import type { JsonObject } from "../platform/json.ts";

/** The models that can be imported, and come back out. */
export const importedModels = ["catalog", "component-definition", "assessment-plan"] as const;

export type ImportedModel = (typeof importedModels)[number];
export type Model = ImportedModel | "assessment-results";

/** A document of OSCAL in JSON: `{ "<model>": body }`, beside which a `$schema` may stand. */
export interface OscalDocument<Name extends Model = ImportedModel> {
  readonly model: Name;
  readonly body: JsonObject;
  readonly schema?: string;
}

/** Before keys; short enough for what comes after it. */
export const prefixPattern = /^([A-Za-z0-9][A-Za-z0-9._:-]{0,99})?$/;

/** What documents are called here; a colon never is in it, since further parts are `<name>:2`. */
export const documentNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,149}$/;
