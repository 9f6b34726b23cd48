import { describe, expect, it } from "vitest";
import { bearer, makeKey } from "./access-vocabulary.ts";
import type { Area } from "./suite.ts";
import { commit, put, unique } from "./vocabulary.ts";

interface Outbox {
  readonly epoch: string;
  readonly revision: number;
  readonly retention: { readonly oldestRevision: number | null; readonly windowDays: number };
  readonly consumers: readonly { readonly name: string }[];
  readonly items: readonly object[];
}

export const outbox: Area = (api) => {
  const redrive = (consumer: string, body: unknown) =>
    api.post(`/v1/outbox/${consumer}/redrive`, body);

  describe("the outbox", () => {
    it("tells how far it goes back, with nothing parked", async () => {
      const { revision } = await commit(api, [put({ key: unique("outbox"), value: 1 })]);
      const reply = await api.get<Outbox>("/v1/outbox?limit=1");
      expect(reply).toHaveStatus(200);
      expect(reply.body.items).toEqual([]);
      expect(reply.body.revision).toBeGreaterThanOrEqual(revision ?? 0);
      expect(reply.body.retention).toMatchObject({ oldestRevision: 1, windowDays: 7 });
    });

    it("wants to know what to put back, one or all", async () => {
      for (const body of [{}, { revision: 0 }, { revision: "1" }, { all: false }, []]) {
        expect(await redrive("layers", body)).toBeProblem("INVALID_INPUT");
      }
      expect(await redrive("layers", { all: true, revision: 1 })).toBeProblem("INVALID_INPUT");
      expect(await redrive("No-Consumer", { all: true })).toBeProblem("INVALID_INPUT");
    });

    it("knows no consumer that there is not", async () => {
      expect(await redrive("no-such-consumer", { all: true })).toBeProblem("NOT_FOUND", {
        detail: "no-such-consumer",
      });
    });

    it("is for operators whose grants hold for everything", async () => {
      const limited = await makeKey(api, [{ role: "operator", app: "some-app" }]);
      const operator = await makeKey(api, [{ role: "operator" }]);
      expect(await api.get("/v1/outbox", bearer(limited.key))).toBeProblem("FORBIDDEN");
      expect(await api.get("/v1/outbox", bearer(operator.key))).toHaveStatus(200);
    });
  });
};
