import { z } from "zod";
import { jsonValue, keyShape } from "../../http/common-shapes.ts";
import { scopeNamePattern } from "../../platform/names.ts";

const maxReferences = 1_000;
const maxLabels = 50;

const title = z.string().trim().min(1, "must say something").max(1_000);

/** What every definition may have: text for people, and members that templates and exports use. */
const common = {
  title,
  description: z.string().max(100_000).exactOptional(),
  properties: z.record(z.string().min(1).max(256), jsonValue).exactOptional().meta({
    description: "Whatever templates are to find here",
  }),
  oscal: z.record(z.string(), jsonValue).exactOptional().meta({
    description: "What an OSCAL document says of it and no other member holds",
  }),
};

const keys = z
  .array(keyShape)
  .max(maxReferences)
  .refine((all) => new Set(all).size === all.length, "names an entry twice");

const scopeName = z.string().regex(scopeNamePattern, `must match ${scopeNamePattern.source}`);

/** Control: what is required. Members of its own are kept. */
export const controlShape = z.looseObject(common);

/** Component: what implements controls. */
export const componentShape = z.strictObject({ ...common, controls: keys });

/** Assessment: how components are examined. */
export const assessmentShape = z.strictObject({ ...common, components: keys });

const labelPattern = /^[A-Za-z0-9][A-Za-z0-9._/-]{0,127}$/;

/** Labels by which a runtime chooses what it can run. */
export const labelsShape = z
  .record(z.string().regex(labelPattern, `must match ${labelPattern.source}`), z.string().max(256))
  .refine((labels) => Object.keys(labels).length <= maxLabels, `has more than ${maxLabels} labels`);

/** Attestation: what an assessment is to show of some components, and what a runtime gets to run for it. */
export const attestationShape = z.strictObject({
  ...common,
  assessment: keyShape,
  components: keys,
  template: jsonValue.exactOptional(),
  labels: labelsShape.exactOptional(),
  app: scopeName.exactOptional().meta({ description: "Whose effective configuration it is about" }),
  environment: scopeName.exactOptional(),
  intervalSeconds: z
    .int()
    .min(1)
    .max(366 * 86_400)
    .exactOptional()
    .meta({
      description: "Run it again after this time; without it, only when the job spec changes",
    }),
});

export type Attestation = z.output<typeof attestationShape>;

/** What of an OSCAL document belongs to no entry; a large one is in several. */
export const oscalShape = z.strictObject({
  title,
  model: z.enum(["catalog", "component-definition", "assessment-plan"]),
  document: z.record(z.string(), jsonValue),
});
