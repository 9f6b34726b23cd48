import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, propose, put, remove, unique } from "./vocabulary.ts";

const production = "production";

export const malformedChanges: Area = (api) => {
  describe("a change set that is not one", () => {
    const name = { kind: "config", app: "shop", key: "a" };
    const refused: Record<string, [operations: unknown, path: string]> = {
      "has no operations": [[], "operations"],
      "has something else for operations": [{}, "operations"],
      "names an unknown op": [[{ ...name, op: "patch", value: 1 }], "operations.0.op"],
      "names no op": [[{ ...name, value: 1 }], "operations.0.op"],
      "names an unknown kind": [
        [put({ ...name, value: 1 }), { ...name, op: "put", value: 1, kind: "flagg", key: "b" }],
        "operations.1.kind",
      ],
      "puts no value": [[{ ...name, op: "put" }], "operations.0.value"],
      "gives a delete a value": [[{ ...name, op: "delete", value: 1 }], "operations.0.value"],
      "misspells a member": [
        [{ ...put({ ...name, value: 1 }), expectedversion: 1 }],
        "operations.0.expectedversion",
      ],
      "asks for an unknown merge": [
        [{ ...put({ ...name, value: 1 }), merge: "shallow" }],
        "operations.0.merge",
      ],
      "expects a version that is none": [
        [put({ ...name, value: 1, expectedVersion: -1 })],
        "operations.0.expectedVersion",
      ],
      "names one entry twice": [[put({ ...name, value: 1 }), remove(name)], "operations.1"],
      "has an empty key": [[put({ ...name, key: "", value: 1 })], "operations.0.key"],
      "has a key of 257 characters": [
        [put({ ...name, key: "k".repeat(257), value: 1 })],
        "operations.0.key",
      ],
      "has a key with a space": [[put({ ...name, key: "a b", value: 1 })], "operations.0.key"],
      "has a key with a slash": [[put({ ...name, key: "a/b", value: 1 })], "operations.0.key"],
      "has a key with a line break": [[put({ ...name, key: "a\n", value: 1 })], "operations.0.key"],
      "has a key of other letters": [
        [put({ ...name, key: "größe", value: 1 })],
        "operations.0.key",
      ],
      "has a key that begins with a dot": [
        [put({ ...name, key: ".a", value: 1 })],
        "operations.0.key",
      ],
      "has __proto__ for a key": [
        [put({ ...name, key: "__proto__", value: 1 })],
        "operations.0.key",
      ],
      "has an illegal app": [[put({ ...name, app: "a b", value: 1 })], "operations.0.app"],
      "has an empty environment": [
        [put({ ...name, environment: "", value: 1 })],
        "operations.0.environment",
      ],
    };

    it.each(Object.entries(refused))("is refused if it %s", async (_what, [operations, path]) => {
      const reply = await api.post("/v1/changes", { operations });
      expect(reply).toBeProblem("INVALID_INPUT", { paths: [path] });
    });

    it("is refused with every wrong place at once", async () => {
      const reply = await propose(api, [
        put({ key: "a b", value: 1 }),
        put({ key: "-", value: 1 }),
      ]);
      expect(reply).toBeProblem("INVALID_INPUT", {
        paths: ["operations.0.key", "operations.1.key"],
      });
    });

    it("is refused if it deletes what is not there", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "a", value: 1 })]);
      for (const missing of [
        remove({ app, key: "b" }),
        // An entry of another scope is another entry.
        remove({ app, environment: production, key: "a" }),
      ]) {
        expect(await propose(api, [missing])).toBeProblem("NOT_FOUND", {
          paths: ["operations.0.key"],
        });
      }
    });

    it("is refused if its message is too long or it has members of its own", async () => {
      const operations = [put({ key: "a", value: 1 })];
      const long = { operations, message: "m".repeat(2_001) };
      expect(await api.post("/v1/changes", long)).toBeProblem("INVALID_INPUT", {
        paths: ["message"],
      });
      const odd = { operations, dryrun: true };
      expect(await api.post("/v1/changes", odd)).toBeProblem("INVALID_INPUT", {
        paths: ["dryrun"],
      });
    });
  });
};
