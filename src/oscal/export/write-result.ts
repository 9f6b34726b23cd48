import type { Json, JsonObject } from "../../platform/json.ts";
import { nameUuid } from "../../platform/name-uuid.ts";
import { type Entries, objectOf, oscalOf, textOf, textsOf } from "../entries.ts";
import { uuidOfComponent } from "../import/map-component-definition.ts";
import { type ControlTarget, controlsOf } from "./control-target.ts";
import type { AcceptedResult } from "./results.ts";

/** Of the properties that OSCAL itself does not have. */
const namespace = "https://fairlead.dev/ns/oscal";

interface Examined {
  readonly uuid: string;
  readonly title: string;
  readonly definition: JsonObject;
}

const property = (name: string, value: string | number): JsonObject => ({
  name,
  ns: namespace,
  value: String(value),
});

const examinedOf = (key: string, value: JsonObject): Examined => {
  const uuid = uuidOfComponent(value) ?? nameUuid("component", key);
  const title = textOf(value, "title") || key;
  const type = textOf(objectOf(oscalOf(value), "component") ?? {}, "type") || "software";
  const description = textOf(value, "description") || title;
  const status = { state: "operational" };
  return { uuid, title, definition: { uuid, type, title, description, status } };
};

const observationUuid = ({ id, jobSpecId }: AcceptedResult): string =>
  nameUuid("observation", jobSpecId, String(id));

const writeObservation = (result: AcceptedResult, title: string, examined: readonly Examined[]) => {
  const { evidence, receivedAt, run, runtime, status } = result;
  const subjects: Json[] = examined.map((one) => ({
    "subject-uuid": one.uuid,
    type: "component",
    title: one.title,
  }));
  return {
    uuid: observationUuid(result),
    title: `${title}, run ${run}`,
    description: `The runtime ${runtime} reported "${status}".`,
    props: [
      property("status", status),
      property("job-spec", result.jobSpecId),
      property("job-spec-version", result.version),
      property("run", run),
      property("runtime", runtime),
    ],
    methods: ["TEST"],
    ...(subjects.length === 0 ? {} : { subjects }),
    ...(evidence === undefined || evidence === null
      ? {}
      : { "relevant-evidence": [{ description: JSON.stringify(evidence) }] }),
    collected: receivedAt,
  };
};

const states = {
  passed: { state: "satisfied", reason: "pass" },
  failed: { state: "not-satisfied", reason: "fail" },
  error: { state: "not-satisfied", reason: "other", remarks: "The assessment itself has failed." },
} as const;

/** What the newest result says of each control. */
const writeFindings = (
  attestation: string,
  title: string,
  newest: AcceptedResult,
  controls: readonly ControlTarget[],
): Json[] =>
  controls.map((control) => ({
    uuid: nameUuid("finding", attestation, control.key),
    title: control.title,
    description: `${title}: the newest result is "${newest.status}".`,
    target: { ...control.target, title: control.id, status: { ...states[newest.status] } },
    "related-observations": [{ "observation-uuid": observationUuid(newest) }],
  }));

const writeSelection = (controls: readonly ControlTarget[]): JsonObject => {
  if (controls.length === 0) return { description: "The components name no controls." };
  return { "include-controls": controls.map(({ id }) => ({ "control-id": id })) };
};

/** All that was reported for one attestation, oldest first in `results`. */
export const writeResult = (
  attestation: string,
  results: readonly AcceptedResult[],
  entries: Entries,
  prefixOf: (document: string) => string,
): JsonObject => {
  const value = entries.attestation.get(attestation) ?? {};
  const title = textOf(value, "title") || attestation;
  const components = textsOf(value, "components").map(
    (key) => [key, entries.component.get(key) ?? {}] as const,
  );
  const examined = components.map(([key, component]) => examinedOf(key, component));
  const implementing = components.map(([, component]) => component);
  const controls = controlsOf(implementing, entries, prefixOf);
  const oldest = results[0]?.receivedAt ?? "";
  const newest = results.at(-1);
  const findings = newest === undefined ? [] : writeFindings(attestation, title, newest, controls);
  const definitions = examined.map(({ definition }) => definition);
  return {
    uuid: nameUuid("result", attestation),
    title,
    description: textOf(value, "description") || `Results for the attestation ${attestation}.`,
    start: oldest,
    end: newest?.receivedAt ?? oldest,
    props: [property("attestation", attestation)],
    ...(definitions.length === 0 ? {} : { "local-definitions": { components: definitions } }),
    "reviewed-controls": { "control-selections": [writeSelection(controls)] },
    observations: results.map((result) => writeObservation(result, title, examined)),
    ...(findings.length === 0 ? {} : { findings }),
  };
};
