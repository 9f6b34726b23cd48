import { type JsonObject, jsonSizeBytes } from "../../platform/json.ts";
import { objectsOf, textOf, textsOf, without } from "../entries.ts";
import { fitTitle } from "../fit-text.ts";
import { isComponentSubject } from "./component-subjects.ts";
import { uuidOfComponent } from "./map-component-definition.ts";
import {
  createMapping,
  defaultMaxValueBytes,
  type ImportOptions,
  type Mapping,
} from "./mapping.ts";

/** What stays with the document; the rest of the plan is the assessment's. */
const documentMembers = ["uuid", "metadata", "back-matter"] as const;

interface Examined {
  readonly keys: readonly string[];
  readonly remarks: readonly string[];
}

/** The components that the plan names by UUID, as far as they are known here. */
const examinedOf = (plan: JsonObject, { stored }: ImportOptions): Examined => {
  const keyOf = new Map<string, string>();
  for (const [key, value] of stored.component) {
    const uuid = uuidOfComponent(value);
    if (uuid !== undefined) keyOf.set(uuid, key);
  }
  const keys: string[] = [];
  const remarks: string[] = [];
  for (const subject of objectsOf(plan, "assessment-subjects").filter(isComponentSubject)) {
    if (subject["include-all"] !== undefined) {
      remarks.push("the plan examines all components of its system without naming them");
    }
    for (const included of objectsOf(subject, "include-subjects").filter(isComponentSubject)) {
      const uuid = textOf(included, "subject-uuid");
      const key = keyOf.get(uuid);
      if (key === undefined)
        remarks.push(`the plan examines the component ${uuid}, which is not stored`);
      else keys.push(key);
    }
  }
  return { keys, remarks };
};

/** An activity that a task names may be missing, as in the example that NIST publishes. */
const missingActivities = (plan: JsonObject): string[] => {
  const definitions = plan["local-definitions"] as JsonObject | undefined;
  const known = new Set(
    objectsOf(definitions ?? {}, "activities").map((one) => textOf(one, "uuid")),
  );
  const namesIn = (tasks: readonly JsonObject[]): string[] =>
    tasks.flatMap((task) => [
      ...objectsOf(task, "associated-activities").map((one) => textOf(one, "activity-uuid")),
      ...namesIn(objectsOf(task, "tasks")),
    ]);
  const missing = new Set(namesIn(objectsOf(plan, "tasks")).filter((uuid) => !known.has(uuid)));
  return [...missing].map((uuid) => `a task names the activity ${uuid}, which is not in the plan`);
};

/** One entry for the plan: what it examines, with its tasks as OSCAL has them. */
export const mapAssessmentPlan = (plan: JsonObject, options: ImportOptions): Mapping => {
  const { components = [], maxValueBytes = defaultMaxValueBytes, name, prefix, stored } = options;
  const mapping = createMapping();
  const key = prefix + name;
  const before = stored.assessment.get(key);
  const examined = examinedOf(plan, options);
  const named = [...new Set([...components, ...examined.keys])];
  // What was chosen here stays as long as nothing else is named.
  const chosen = named.length > 0 || before === undefined ? named : textsOf(before, "components");
  const title = fitTitle(textOf(plan["metadata"] as JsonObject, "title"), name);
  const members = without(plan, ...documentMembers);
  const content = without(plan, ...Object.keys(members));
  const oscal = { document: name, components: chosen };
  const whole = { title, components: chosen, oscal: { ...oscal, plan: members } };
  const isKept = jsonSizeBytes(whole) > maxValueBytes;
  const value = isKept ? { title, components: chosen, oscal } : whole;
  mapping.entries.push({ kind: "assessment", key, value, place: "assessment-plan" });
  mapping.remarks.push(...missingActivities(plan));
  if (chosen.length === 0) mapping.remarks.push(...examined.remarks);
  return { ...mapping, content, assessment: { key, ...(isKept ? { kept: members } : {}) } };
};
