import { describe, expect, it } from "vitest";
import type { Area } from "./suite.ts";
import { commit, currentRevision, propose, put, remove, unique } from "./vocabulary.ts";

export const compareAndSet: Area = (api) => {
  describe("expectedVersion", () => {
    it("lets a change through whose entry has that version", async () => {
      const name = { app: unique("shop"), key: "a" };
      await commit(api, [put({ ...name, value: 1, expectedVersion: 0 })]);
      const { changes } = await commit(api, [put({ ...name, value: 2, expectedVersion: 1 })]);
      expect(changes).toMatchObject([{ version: 2 }]);
    });

    it("is lost when the entry has moved on, and the answer tells where it is", async () => {
      const name = { app: unique("shop"), environment: "staging", key: "a" };
      await commit(api, [put({ ...name, value: "one" })]);
      const { revision } = await commit(api, [put({ ...name, value: "two" })]);
      const reply = await propose(api, [put({ ...name, value: "three", expectedVersion: 1 })]);
      expect(reply).toBeProblem("CONFLICT", { paths: ["operations.0.expectedVersion"] });
      expect(reply.body).toMatchObject({
        currentVersion: 2,
        currentRevision: await currentRevision(api),
        conflicts: [{ currentVersion: 2, currentRevision: revision, currentValue: "two" }],
      });
      const { body } = await api.get(`/v1/config/a?app=${name.app}&environment=staging`);
      expect(body).toMatchObject({ value: "two", version: 2 });
    });

    it("of 0 means that the entry must not exist, also after a delete", async () => {
      const app = unique("shop");
      const name = { app, key: "a" };
      await commit(api, [put({ ...name, value: 1 }), put({ app, key: "b", value: 1 })]);
      const exists = await propose(api, [put({ ...name, value: 2, expectedVersion: 0 })]);
      expect(exists).toBeProblem("CONFLICT");
      expect(exists.body).toMatchObject({ currentVersion: 1, conflicts: [{ currentValue: 1 }] });
      await commit(api, [remove({ ...name, expectedVersion: 1 })]);
      const { changes } = await commit(api, [put({ ...name, value: 2, expectedVersion: 0 })]);
      expect(changes).toMatchObject([{ version: 3 }]);
    });

    it("of a deleted entry's last version is lost", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "a", value: 1 }), put({ app, key: "b", value: 1 })]);
      await commit(api, [remove({ app, key: "a" })]);
      const reply = await propose(api, [put({ app, key: "a", value: 2, expectedVersion: 1 })]);
      expect(reply).toBeProblem("CONFLICT", { detail: "does not exist" });
      expect(reply.body).toMatchObject({ currentVersion: 0, conflicts: [{ currentValue: null }] });
    });

    it("is judged for every operation, and one that is lost holds all back", async () => {
      const app = unique("shop");
      await commit(api, [put({ app, key: "a", value: 1 }), put({ app, key: "b", value: 1 })]);
      const reply = await propose(api, [
        put({ app, key: "a", value: 2, expectedVersion: 1 }),
        put({ app, key: "b", value: 2, expectedVersion: 5 }),
      ]);
      expect(reply).toBeProblem("CONFLICT", { paths: ["operations.1.expectedVersion"] });
      const { body } = await api.get(`/v1/config?app=${app}`);
      expect(body).toMatchObject({ values: { a: 1, b: 1 } });
    });

    it("is won by exactly one of many that race", async () => {
      const name = { app: unique("shop"), key: "leader" };
      const replies = await Promise.all(
        Array.from({ length: 8 }, (_, index) =>
          propose(api, [put({ ...name, value: index, expectedVersion: 0 })]),
        ),
      );
      const winners = replies.flatMap(({ status }, index) => (status === 201 ? [index] : []));
      const losers = replies.filter(({ status }) => status === 409);
      expect([winners.length, losers.length]).toEqual([1, 7]);
      const { body } = await api.get(`/v1/config/leader?app=${name.app}`);
      expect(body).toMatchObject({ value: winners[0], version: 1 });
    });
  });

  describe("expectedRevision", () => {
    it("is lost only if an entry that the operations name has changed after it", async () => {
      const app = unique("shop");
      const { revision } = await commit(api, [
        put({ app, key: "a", value: 1 }),
        put({ app, key: "b", value: 1 }),
      ]);
      const other = await commit(api, [put({ app, key: "b", value: 2 })]);
      const lost = await propose(api, [put({ app, key: "b", value: 3 })], {
        expectedRevision: revision,
      });
      expect(lost).toBeProblem("CONFLICT", { paths: ["operations.0"] });
      expect(lost.body).toMatchObject({
        conflicts: [{ currentVersion: 2, currentRevision: other.revision, currentValue: 2 }],
      });
      const { changes } = await commit(api, [put({ app, key: "a", value: 2 })], {
        expectedRevision: revision,
      });
      expect(changes).toMatchObject([{ key: "a", after: 2 }]);
    });

    it("is lost when the entry was deleted after it", async () => {
      const app = unique("shop");
      const { revision } = await commit(api, [
        put({ app, key: "a", value: 1 }),
        put({ app, key: "b", value: 1 }),
      ]);
      await commit(api, [remove({ app, key: "a" })]);
      const lost = await propose(api, [put({ app, key: "a", value: 3 })], {
        expectedRevision: revision,
      });
      expect(lost).toBeProblem("CONFLICT");
    });
  });
};
