import { Problem } from "../../errors.ts";
import type { JsonObject } from "../../platform/json.ts";
import { nameUuid } from "../../platform/name-uuid.ts";
import type { Entries } from "../entries.ts";
import { fitTitle } from "../fit-text.ts";
import { readDocumentEntries } from "../split/document-entries.ts";
import { createPrefixes } from "./control-target.ts";
import { requireValid } from "./export-document.ts";
import type { AcceptedResult } from "./results.ts";
import { writeResult } from "./write-result.ts";

/** What the export says, whatever versions its sources have. */
const oscalVersion = "1.1.2";

interface ResultsInput {
  readonly entries: Entries;
  /** In any order. */
  readonly results: readonly AcceptedResult[];
  /** The document that holds the assessment plan, if one was imported. */
  readonly plan?: string;
}

/** Newest last; results of one time in the order of their ids. */
const inOrder = (results: readonly AcceptedResult[]): AcceptedResult[] =>
  results.toSorted(
    (left, right) =>
      compare(left.receivedAt, right.receivedAt) ||
      Number(left.id) - Number(right.id) ||
      left.run - right.run,
  );

const compare = (left: string, right: string): number => {
  if (left === right) return 0;
  return left < right ? -1 : 1;
};

const importedPlan = (plan: string | undefined): string =>
  plan === undefined ? "urn:fairlead:assessments" : `${plan}.json`;

/**
 * Assessment results as OSCAL 1.1.2 has them: a result per attestation, an observation per accepted result,
 * and a finding per control by the newest of them. The same results make the same document.
 *
 * @throws Problem `NOT_FOUND` where there are no results
 */
export const exportAssessmentResults = ({ entries, plan, results }: ResultsInput): JsonObject => {
  const ordered = inOrder(results);
  const newest = ordered.at(-1);
  if (newest === undefined) throw new Problem("NOT_FOUND", "No result was accepted yet.");
  const byAttestation = Map.groupBy(ordered, ({ attestation }) => attestation);
  const keys = [...byAttestation.keys()].sort(compare);
  const planTitle =
    plan === undefined ? undefined : readDocumentEntries(entries.oscal, plan)?.title;
  const about = planTitle ?? keys.join(", ");
  const prefixOf = createPrefixes(entries);
  const body = {
    uuid: nameUuid("assessment-results", plan ?? "", ...keys),
    metadata: {
      title: fitTitle(`Assessment results: ${about}`, "Assessment results"),
      "last-modified": newest.receivedAt,
      version: String(newest.id),
      "oscal-version": oscalVersion,
    },
    "import-ap": { href: importedPlan(plan) },
    results: keys.map((key) => writeResult(key, byAttestation.get(key) ?? [], entries, prefixOf)),
  };
  const document = body as unknown as JsonObject;
  requireValid("assessment-results", document);
  return { "assessment-results": document };
};
