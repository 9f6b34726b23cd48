import { Problem } from "../../errors.ts";
import type { Json, JsonObject } from "../../platform/json.ts";
import { nameUuid } from "../../platform/name-uuid.ts";
import type { EntriesOfKind } from "../entries.ts";
import { objectOf, objectsOf, oscalOf, textsOf, without } from "../entries.ts";
import { isComponentSubject } from "../import/component-subjects.ts";
import { uuidOfComponent } from "../import/map-component-definition.ts";
import type { Remainder } from "../split/document-entries.ts";

const subjects = "assessment-subjects";

const isSameSet = (left: readonly string[], right: readonly string[]): boolean => {
  const names = new Set(left);
  return names.size === new Set(right).size && right.every((name) => names.has(name));
};

/** The subject that names these components, in place of the ones that the plan had. */
const writeSubjects = (
  members: JsonObject,
  keys: readonly string[],
  components: EntriesOfKind,
): JsonObject => {
  const before = objectsOf(members, subjects);
  const first = before.find(isComponentSubject) ?? { type: "component" };
  const included: Json[] = keys.map((key) => ({
    "subject-uuid": uuidOfComponent(components.get(key) ?? {}) ?? nameUuid("component", key),
    type: "component",
  }));
  const selection = without(first, "include-all", "include-subjects", "exclude-subjects");
  const others = before.filter((subject) => !isComponentSubject(subject));
  const written =
    included.length === 0 ? others : [{ ...selection, "include-subjects": included }, ...others];
  return {
    ...without(members, subjects),
    ...(written.length === 0 ? {} : { [subjects]: written }),
  };
};

/** The body of an assessment plan, but for its title, with the components that are examined now. */
export const exportAssessmentPlan = (
  { assessment, content }: Remainder,
  value: JsonObject | undefined,
  components: EntriesOfKind,
): JsonObject => {
  if (value === undefined) {
    const key = assessment?.key ?? "";
    throw new Problem(
      "NOT_FOUND",
      `the assessment ${key}, which the plan had become, does not exist any more`,
    );
  }
  const oscal = oscalOf(value);
  const members = objectOf(oscal, "plan") ?? assessment?.kept ?? {};
  const keys = textsOf(value, "components");
  const isSame = isSameSet(keys, textsOf(oscal, "components"));
  return { ...content, ...(isSame ? members : writeSubjects(members, keys, components)) };
};
