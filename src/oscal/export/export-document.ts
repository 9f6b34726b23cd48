import { type FieldError, Problem } from "../../errors.ts";
import type { JsonObject } from "../../platform/json.ts";
import { type Entries, entriesOfDocument, objectOf, textOf } from "../entries.ts";
import { fitTitle, toldText } from "../fit-text.ts";
import type { ImportedModel, Model } from "../oscal-document.ts";
import { checkOscal } from "../read-oscal.ts";
import {
  type Remainder,
  readDocumentEntries,
  type StoredDocument,
} from "../split/document-entries.ts";
import { exportAssessmentPlan } from "./export-assessment-plan.ts";
import { exportCatalog } from "./export-catalog.ts";
import { exportComponentDefinition } from "./export-component-definition.ts";

const writers = {
  catalog: (name, { control }, { content, prefix }) =>
    exportCatalog(content, entriesOfDocument(control, name), prefix),
  "component-definition": (name, { component }, { content, prefix }) =>
    exportComponentDefinition(content, entriesOfDocument(component, name), prefix),
  "assessment-plan": (_name, { assessment, component }, remainder) =>
    exportAssessmentPlan(remainder, assessment.get(remainder.assessment?.key ?? ""), component),
} satisfies Record<
  ImportedModel,
  (name: string, entries: Entries, remainder: Remainder) => JsonObject
>;

/** A plan is called as its assessment, every other document as its own entry. */
const titleOf = (name: string, entries: Entries, { remainder, title }: StoredDocument): string => {
  const assessment = entries.assessment.get(remainder.assessment?.key ?? "");
  const now = assessment === undefined ? title : textOf(assessment, "title");
  return toldText(now, remainder.title, (text) => fitTitle(text, name));
};

/** @throws Problem `UNPROCESSABLE` where changes here have made of it what OSCAL does not allow */
export const requireValid = (model: Model, body: JsonObject): void => {
  const errors: readonly FieldError[] = checkOscal(model, body);
  const [first] = errors;
  if (first === undefined) return;
  const detail = `what is stored makes no valid OSCAL: ${first.path}: ${first.message}`;
  throw new Problem("UNPROCESSABLE", detail, { errors });
};

/**
 * The document of OSCAL that was imported under a name, with all that was changed here since; undefined
 * where there is none of that name.
 *
 * @throws Problem `UNPROCESSABLE` where what is stored makes no valid document any more
 */
export const exportDocument = (name: string, entries: Entries): JsonObject | undefined => {
  const stored = readDocumentEntries(entries.oscal, name);
  if (stored === undefined) return undefined;
  const body = writers[stored.model](name, entries, stored.remainder);
  const title = titleOf(name, entries, stored);
  const told = { ...body, metadata: { ...objectOf(body, "metadata"), title } };
  requireValid(stored.model, told);
  const { schema } = stored.remainder;
  return { ...(schema === undefined ? {} : { $schema: schema }), [stored.model]: told };
};
