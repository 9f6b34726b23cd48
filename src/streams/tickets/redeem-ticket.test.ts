import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { startStreamProcess } from "../../../test/helpers/streams/stream-process.ts";
import { createApiKey } from "../../access/api-keys/create-api-key.ts";
import { revokeApiKey } from "../../access/api-keys/revoke-api-key.ts";
import type { Ctx } from "../../context.ts";
import { Problem } from "../../errors.ts";
import { issueTicket } from "./issue-ticket.ts";
import { redeemTicket } from "./redeem-ticket.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
/** Two processes on one database. */
let here: Ctx;
let there: Ctx;

const nowMs = Date.parse("2026-01-31T12:00:00Z");
const day = 86_400_000;
const filter = { app: "", environment: "production", prefix: "db.", values: false };

beforeAll(async () => {
  database = await createTestDatabase();
  ({ ctx: here } = await startStreamProcess(database.sql));
  ({ ctx: there } = await startStreamProcess(database.sql));
});
afterAll(async () => {
  await database.drop();
});

/** A key's holder, as the context of a request that it sends. */
const createHolder = async (expiresAt: string | null = null): Promise<Ctx> => {
  const created = await createApiKey(here, {
    name: "browser",
    grants: [{ role: "viewer", effect: "allow" }],
    defaults: { app: "", environment: "" },
    expiresAt,
  });
  return { ...here, ...(await here.access.identify(database.sql, created.key)) };
};

const redeem = async (process: Ctx, ticket: string, atMs: number): Promise<string> => {
  try {
    return (await redeemTicket(process, ticket, atMs)).actor.id;
  } catch (error) {
    return error instanceof Problem ? error.code : "INTERNAL";
  }
};

describe("a ticket", () => {
  it("lets its key's holder in, in every process, until its day is over", async () => {
    const holder = await createHolder();
    const { expiresAt, ticket } = await issueTicket(holder, filter, nowMs);
    expect(expiresAt).toBe(new Date(nowMs + day).toISOString());
    for (const [process, atMs] of [
      [there, nowMs + 60_000],
      [here, nowMs + 3_600_000],
      [there, nowMs + day],
    ] as const) {
      expect(await redeem(process, ticket, atMs)).toBe(holder.actor.id);
    }
    for (const process of [here, there]) {
      expect(await redeem(process, ticket, nowMs + day + 1)).toBe("UNAUTHENTICATED");
    }
  });

  it("is void where its first minute went by unused", async () => {
    const { ticket } = await issueTicket(await createHolder(), filter, nowMs);
    for (const atMs of [60_001, 60_002, day]) {
      expect(await redeem(here, ticket, nowMs + atMs)).toBe("UNAUTHENTICATED");
    }
  });

  it("is void once its key is revoked, and ends with it", async () => {
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const holder = await createHolder(expiresAt);
    const issued = await issueTicket(holder, filter);
    expect(Date.parse(issued.expiresAt)).toBe(Date.parse(expiresAt));
    expect(await redeem(there, issued.ticket, Date.now())).toBe(holder.actor.id);
    await revokeApiKey(here, holder.actor.id);
    for (const process of [here, there]) {
      await process.access.syncOnce(database.sql);
      expect(await redeem(process, issued.ticket, Date.now())).toBe("UNAUTHENTICATED");
    }
  });

  it("counts in a process that has not heard of its key yet", async () => {
    const { ctx: young } = await startStreamProcess(database.sql);
    const holder = await createHolder();
    const { ticket } = await issueTicket(holder, filter, nowMs);
    expect(await redeem(young, ticket, nowMs)).toBe(holder.actor.id);
  });

  it("is void once the secret is another one", async () => {
    const holder = await createHolder();
    const { ticket } = await issueTicket(holder, filter, nowMs);
    await database.sql`update fairlead.stream_ticket_secret set secret = sha256('another')`;
    const { ctx: young } = await startStreamProcess(database.sql);
    expect(await redeem(young, ticket, nowMs)).toBe("UNAUTHENTICATED");
  });

  it("leaves nothing behind when its day is over and others are used", async () => {
    const { ctx } = await startStreamProcess(database.sql);
    const holder = { ...(await createHolder()), ...ctx, actor: (await createHolder()).actor };
    const past = Date.now() - 2 * day;
    for (let count = 0; count < 15; count += 1) {
      const { ticket } = await issueTicket(holder, filter, past);
      expect(await redeem(ctx, ticket, past)).toBe(holder.actor.id);
    }
    const { ticket } = await issueTicket(holder, filter);
    await redeem(ctx, ticket, Date.now());
    const { ticket: another } = await issueTicket(holder, filter);
    await redeem(ctx, another, Date.now());
    const left = await database.sql`
      select from fairlead.stream_ticket_uses where expires_at < clock_timestamp()`;
    expect(left).toHaveLength(0);
  });

  it("is not made for what the caller may not read", async () => {
    const holder = await createHolder();
    const unknown = issueTicket(holder, { ...filter, environment: "nowhere" });
    await expect(unknown).rejects.toThrow('there is no environment "nowhere"');
  });
});
