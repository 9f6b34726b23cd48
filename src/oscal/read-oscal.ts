import type { z } from "zod";
import { type FieldError, Problem } from "../errors.ts";
import { checkJson } from "../platform/documents/check-json.ts";
import { isJsonObject, type JsonObject } from "../platform/json.ts";
import { importedModels, type Model, type OscalDocument } from "./oscal-document.ts";
import { checkAssessmentPlan } from "./rules/check-assessment-plan.ts";
import { checkCatalog } from "./rules/check-catalog.ts";
import { checkComponentDefinition } from "./rules/check-component-definition.ts";
import { checkLinks } from "./rules/check-links.ts";
import { checkMetadata } from "./rules/check-metadata.ts";
import { createReport, type Report } from "./rules/report.ts";
import { assessmentPlanShape } from "./shapes/assessment-plan.ts";
import { assessmentResultsShape } from "./shapes/assessment-results.ts";
import { catalogShape } from "./shapes/catalog.ts";
import { componentDefinitionShape } from "./shapes/component-definition.ts";

export type ReadResult =
  | { readonly document: OscalDocument }
  | { readonly errors: readonly FieldError[] };

type Check = (body: JsonObject, report: Report) => void;

/** Rules are looked at only where the shape holds; what they read was checked by it. */
const checkWith =
  <Shape extends z.ZodType<Parameters<typeof checkMetadata>[0]>>(
    shape: Shape,
    rules: (body: z.output<Shape>, report: Report) => void,
  ): Check =>
  (body, report) => {
    const parsed = shape.safeParse(body);
    if (!parsed.success) {
      for (const { message, path } of parsed.error.issues) {
        report.add(
          path.filter((segment) => typeof segment !== "symbol"),
          message,
        );
      }
      return;
    }
    const resources = checkMetadata(parsed.data, report);
    rules(parsed.data, report);
    checkLinks(body, resources, report);
  };

const checks: Readonly<Record<Model, Check>> = {
  catalog: checkWith(catalogShape, checkCatalog),
  "component-definition": checkWith(componentDefinitionShape, checkComponentDefinition),
  "assessment-plan": checkWith(assessmentPlanShape, checkAssessmentPlan),
  "assessment-results": checkWith(assessmentResultsShape, () => {}),
};

/** What is wrong with the body of a model, each with its place; nothing where it is valid. */
export const checkOscal = (model: Model, body: JsonObject): readonly FieldError[] => {
  const report = createReport(model);
  checks[model](body, report);
  return report.errors;
};

const isImported = (model: string): model is OscalDocument["model"] =>
  importedModels.some((name) => name === model);

/** `groups.3.id` as `groups[3].id`. */
const inBrackets = ({ message, path }: FieldError): FieldError => ({
  message,
  path: path.replaceAll(/\.(\d+)(?=\.|$)/g, "[$1]"),
});

const refuse = (path: string, message: string): ReadResult => ({ errors: [{ path, message }] });

/** The members that may stand beside the body. */
const schemaMember = "$schema";

/**
 * Reads a document of OSCAL: one of the models that can be imported, whole and by the rules. `value`
 * may be anything; what is wrong comes back with its place, at most 20 places.
 */
export const readOscal = (value: unknown): ReadResult => {
  try {
    checkJson(value);
  } catch (error) {
    if (error instanceof Problem) return { errors: error.errors.map(inBrackets) };
    throw error;
  }
  const wanted = `one of ${importedModels.join(", ")}`;
  if (!isJsonObject(value)) return refuse("", `must be an object with ${wanted}`);
  const [model = "", ...others] = Object.keys(value).filter((name) => name !== schemaMember);
  if (!isImported(model)) {
    return refuse(model.slice(0, 60), `is no model that can be imported; ${wanted} must be here`);
  }
  const [other] = others;
  if (other !== undefined) return refuse(other.slice(0, 60), `stands beside the ${model}`);
  const body = value[model];
  const schema = value[schemaMember];
  if (!isJsonObject(body)) return refuse(model, "must be an object");
  if (schema !== undefined && typeof schema !== "string")
    return refuse(schemaMember, "must be text");
  const errors = checkOscal(model, body);
  if (errors.length > 0) return { errors };
  return { document: { model, body, ...(schema === undefined ? {} : { schema }) } };
};
