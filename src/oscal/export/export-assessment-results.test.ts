import { describe, expect, it } from "vitest";
import { createMemoryStore, readSample } from "../../../test/helpers/oscal-samples.ts";
import type { JsonObject } from "../../platform/json.ts";
import { checkOscal } from "../read-oscal.ts";
import { type AssessmentResults, assessmentResultsShape } from "../shapes/assessment-results.ts";
import { exportAssessmentResults } from "./export-assessment-results.ts";
import type { AcceptedResult } from "./results.ts";

const accepted = (id: string, more: Partial<AcceptedResult> = {}): AcceptedResult => ({
  id,
  jobSpecId: "22222222-2222-4222-8222-222222222222",
  attestation: "least-privilege",
  version: 3,
  run: Number(id),
  runtime: "runtime-1",
  status: "passed",
  evidence: { checked: ["a"] },
  receivedAt: `2026-01-31T12:00:0${id}.000000Z`,
  ...more,
});

const openStore = async () => {
  const store = createMemoryStore();
  const low = { prefix: "low-" };
  store.import(await readSample("nist-800-53-rev5-low-catalog"), "low", low);
  store.import(await readSample("example-component-definition"), "mongo", low);
  store.import(await readSample("ifa-assessment-plan"), "ifa", low);
  const mongo = store.entries.component.get("low-mongodb");
  store.entries.component.set("low-mongodb", { ...mongo, controls: ["low-ac-2", "low-ac-3"] });
  store.entries.component.set("by-hand", { title: "By hand", controls: ["own:control"] });
  store.entries.control.set("own:control", { title: "Own" });
  store.entries.attestation.set("least-privilege", {
    title: "Least privilege",
    assessment: "low-ifa",
    components: ["low-mongodb", "by-hand"],
  });
  return store;
};

const exportOf = async (results: readonly AcceptedResult[], plan?: string) => {
  const { entries } = await openStore();
  const document = exportAssessmentResults({
    entries,
    results,
    ...(plan === undefined ? {} : { plan }),
  });
  return document;
};

const bodyOf = (document: JsonObject): AssessmentResults =>
  assessmentResultsShape.parse(document["assessment-results"]);

describe("assessment results", () => {
  it("are valid OSCAL, and the same for the same results in any order", async () => {
    const results = [accepted("2", { status: "failed" }), accepted("1")];
    const document = await exportOf(results, "ifa");
    const body = document["assessment-results"] as JsonObject;
    expect(checkOscal("assessment-results", body)).toEqual([]);
    expect(await exportOf(results.toReversed(), "ifa")).toEqual(document);
    expect(bodyOf(document)).toMatchObject({
      metadata: {
        title: "Assessment results: IFA GoodRead Assessment Plan",
        "last-modified": "2026-01-31T12:00:02.000000Z",
        version: "2",
        "oscal-version": "1.1.2",
      },
      "import-ap": { href: "ifa.json" },
    });
  });

  it("tell each result as an observation of its components", async () => {
    const [result] = bodyOf(
      await exportOf([accepted("1"), accepted("2", { evidence: null })]),
    ).results;
    expect(result).toMatchObject({
      title: "Least privilege",
      start: "2026-01-31T12:00:01.000000Z",
      end: "2026-01-31T12:00:02.000000Z",
    });
    const [first, second] = result?.observations ?? [];
    expect(first).toMatchObject({
      methods: ["TEST"],
      collected: "2026-01-31T12:00:01.000000Z",
      "relevant-evidence": [{ description: '{"checked":["a"]}' }],
    });
    expect(first?.subjects?.map((subject) => subject["subject-uuid"])).toEqual(
      result?.["local-definitions"]?.components?.map(({ uuid }) => uuid),
    );
    expect(first?.subjects?.[0]?.["subject-uuid"]).toBe("91f646c5-b1b6-4786-9ec3-2305a044e217");
    expect(first?.props).toContainEqual(expect.objectContaining({ name: "run", value: "1" }));
    expect(second).not.toHaveProperty("relevant-evidence");
  });

  it.each([
    ["passed", { state: "satisfied", reason: "pass" }],
    ["failed", { state: "not-satisfied", reason: "fail" }],
    ["error", { state: "not-satisfied", reason: "other" }],
  ] as const)("say of each control what the newest result does: %s", async (status, told) => {
    const results = [
      accepted("1", { status: status === "passed" ? "failed" : "passed" }),
      accepted("2", { status }),
    ];
    const [result] = bodyOf(await exportOf(results)).results;
    const findings = result?.findings ?? [];
    expect(findings.map(({ target }) => [target.type, target["target-id"]])).toEqual([
      ["objective-id", "ac-2_obj"],
      ["objective-id", "ac-3_obj"],
      ["statement-id", "_own_control"],
      // Not stored, yet implemented by what the component definition says.
      ["statement-id", "sc-8"],
      ["statement-id", "sc-8.1"],
      ["statement-id", "sa-4.9"],
    ]);
    const newest = result?.observations?.at(-1)?.uuid;
    for (const { target, ...finding } of findings) {
      expect(target.status).toMatchObject(told);
      expect(finding["related-observations"]).toEqual([{ "observation-uuid": newest }]);
    }
    expect(result?.["reviewed-controls"]["control-selections"]).toEqual([
      {
        "include-controls": ["ac-2", "ac-3", "_own_control", "sc-8", "sc-8.1", "sa-4.9"].map(
          (id) => ({ "control-id": id }),
        ),
      },
    ]);
  });

  it("keep the results of an attestation that is gone", async () => {
    const gone = accepted("3", { attestation: "gone" });
    const { results } = bodyOf(await exportOf([gone, accepted("1")]));
    expect(results.map(({ title }) => title)).toEqual(["gone", "Least privilege"]);
    expect(results[0]?.["reviewed-controls"]["control-selections"]).toEqual([
      { description: "The components name no controls." },
    ]);
  });

  it("are not made of nothing", async () => {
    await expect(exportOf([])).rejects.toThrow("No result was accepted yet");
  });
});
