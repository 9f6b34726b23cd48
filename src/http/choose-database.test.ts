import { expect, it } from "vitest";
import type { Ctx } from "../context.ts";
import { chooseDatabase } from "./choose-database.ts";

/** What a process at revision 7 asks of its replicas, and what it answers from. */
const ask = async (
  replica: "always" | "for the past" | undefined,
  query: Readonly<Record<string, unknown>>,
  params?: Readonly<Record<string, unknown>>,
): Promise<unknown> => {
  let asked: unknown = "the primary";
  const ctx = {
    sql: "primary",
    layers: { memory: { point: () => ({ epoch: "e", revision: 7 }) } },
    replicas: {
      read: (needed: unknown, primary: unknown, use: (sql: unknown) => unknown) => {
        expect(primary).toBe("primary");
        asked = needed;
        return use("replica");
      },
    },
  } as unknown as Ctx;
  const contract = replica === undefined ? {} : { replica };
  const sql = await chooseDatabase(contract, ctx, { query, params }, async (chosen) => chosen.sql);
  expect(sql).toBe(asked === "the primary" ? "primary" : "replica");
  return asked;
};

it("asks for a replica that has come as far as this process, and as the request asks for", async () => {
  expect(await ask("always", {})).toEqual({ epoch: "e", revision: 7 });
  expect(await ask("always", { after: 6, limit: 100 })).toMatchObject({ revision: 7 });
  expect(await ask("always", { from: 3, to: 12 })).toMatchObject({ revision: 12 });
  expect(await ask("always", { minRevision: 9 }, { revision: 11 })).toMatchObject({ revision: 11 });
  expect(await ask("for the past", { at: 20 })).toMatchObject({ revision: 20 });
  expect(await ask("for the past", { at: "2026-01-31T12:00:00Z" })).toMatchObject({ revision: 7 });
});

it("asks for none where a read is of the present, strong, or has no leave", async () => {
  expect(await ask("for the past", {})).toBe("the primary");
  expect(await ask("for the past", { at: 1, consistency: "strong" })).toBe("the primary");
  expect(await ask(undefined, { at: 1 })).toBe("the primary");
});
