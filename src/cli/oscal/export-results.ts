import { z } from "zod";
import { documentOf, type Entries, textOf } from "../../oscal/entries.ts";
import { exportAssessmentResults } from "../../oscal/export/export-assessment-results.ts";
import type { AcceptedResult } from "../../oscal/export/results.ts";
import type { Json, JsonObject } from "../../platform/json.ts";
import { listItems } from "../list-items.ts";
import { showProgress } from "../print.ts";
import type { Session } from "../session.ts";
import { chooseDocument } from "./choose-document.ts";
import { readStoredEntries } from "./read-stored-entries.ts";

interface Wanted {
  readonly attestation: readonly string[] | undefined;
  /** The document of the assessment plan. */
  readonly plan: string | undefined;
}

const resultShape = z.looseObject({
  id: z.union([z.string(), z.number()]),
  jobSpecId: z.string(),
  attestation: z.string(),
  version: z.number(),
  run: z.number(),
  runtime: z.string(),
  status: z.enum(["passed", "failed", "error"]),
  evidence: z.custom<Json>().optional(),
  receivedAt: z.string(),
});

const readResults = async (
  session: Session,
  attestations: readonly (string | undefined)[],
): Promise<AcceptedResult[]> => {
  const results: AcceptedResult[] = [];
  for (const attestation of attestations) {
    const { items } = await listItems(session, {
      path: "v1/results",
      query: { attestation },
      item: resultShape,
      onPage: (count) => showProgress(session, `reading ${results.length + count} results…`),
    });
    for (const item of items) results.push(item);
  }
  showProgress(session, "");
  return results;
};

/** The document that an attestation's assessment came from. */
const planOf = (attestation: string, entries: Entries): string | undefined => {
  const value = entries.attestation.get(attestation);
  const assessment = entries.assessment.get(value === undefined ? "" : textOf(value, "assessment"));
  return assessment === undefined ? undefined : documentOf(assessment);
};

/** The plan that all of them are for; undefined where they are not for one. */
const commonPlan = (results: readonly AcceptedResult[], entries: Entries): string | undefined => {
  const plans = new Set(results.map(({ attestation }) => planOf(attestation, entries)));
  const [plan] = plans;
  return plans.size === 1 ? plan : undefined;
};

/** The accepted results of these attestations, or of those for a plan, or of all, as OSCAL tells them. */
export const exportResults = async (
  session: Session,
  { attestation, plan: given }: Wanted,
): Promise<JsonObject> => {
  const kinds = ["oscal", "control", "component", "assessment", "attestation"] as const;
  const { entries } = await readStoredEntries(session, kinds);
  if (given !== undefined) chooseDocument(entries, "assessment-plan", given);
  const read = await readResults(session, attestation ?? [undefined]);
  const results =
    given === undefined
      ? read
      : read.filter((result) => planOf(result.attestation, entries) === given);
  const plan = given ?? commonPlan(results, entries);
  return exportAssessmentResults({ entries, results, ...(plan === undefined ? {} : { plan }) });
};
