import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertKey, revokeKey } from "../../test/helpers/access-rows.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import {
  createTestContext,
  permissionsOf,
  withIdempotency,
} from "../../test/helpers/test-context.ts";
import type { Ctx } from "../context.ts";
import type { Grant } from "../permissions/grant.ts";
import { createWebhook } from "./create-webhook.ts";
import { deleteWebhook } from "./delete-webhook.ts";
import { disableWebhook } from "./deliveries/disable-webhook.ts";
import { getDelivery } from "./deliveries/get-delivery.ts";
import { listDeliveries } from "./deliveries/list-deliveries.ts";
import { redeliver } from "./deliveries/redeliver.ts";
import { getWebhook } from "./get-webhook.ts";
import { listWebhooks } from "./list-webhooks.ts";
import { rotateSecret } from "./rotate-secret.ts";
import { sendTestEvent } from "./send-test-event.ts";
import { updateWebhook } from "./update-webhook.ts";
import type { WebhookContent } from "./webhook.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
  for (const name of ["payments", "billing"]) {
    await database.sql`insert into fairlead.apps (name, created_by) values (${name}, 'tester')`;
  }
});
afterAll(() => database.drop());

const content: WebhookContent = {
  url: "https://example.org/hook",
  events: ["dev.fairlead.*"],
  app: "payments",
  environment: "production",
  prefix: "",
  payload: "thin",
  format: "cloudevents",
  description: "",
  headers: {},
  signatures: ["v1"],
  enabled: true,
};

/** Somebody with a key that is stored, as owners of webhooks are looked up. */
const someone = async (grants: readonly Grant[]): Promise<Ctx> => {
  const { id } = await insertKey(database.sql, { grants });
  return {
    ...createTestContext(database.sql),
    actor: { type: "key", id },
    permissions: permissionsOf(grants),
  };
};

const admin = () => someone([{ role: "admin", effect: "allow" }]);
const operatorOf = (app: string) => someone([{ role: "operator", effect: "allow", app }]);
const patch = (ctx: Ctx, id: string, changes: Partial<WebhookContent>, ifMatch?: string[]) =>
  updateWebhook(ctx, { id, patch: changes, ifMatch });

/** The names of the tables that hold a text, with bytes in hexadecimal. */
const placesOf = async (text: string): Promise<readonly string[]> => {
  const { sql } = database;
  const tables = await sql<{ name: string }[]>`
    select table_name as name from information_schema.tables where table_schema = 'fairlead'`;
  const found = tables.map(async ({ name }): Promise<string[]> => {
    const [row] = await sql<{ holds: boolean }[]>`
      select coalesce(bool_or(t::text like ${`%${text}%`}), false) as holds
      from fairlead.${sql(name)} t`;
    return row?.holds === true ? [name] : [];
  });
  return (await Promise.all(found)).flat().toSorted();
};

const hexOf = (secret: string): string =>
  Buffer.from(secret.slice("whsec_".length), "base64").toString("hex");

describe("a webhook's secret", () => {
  it("is told once, and kept in no other place than the webhook, whatever happens to it", async () => {
    const ctx = await admin();
    const once = withIdempotency(ctx, "once", { route: "createWebhook" });
    const { secret, webhook } = await createWebhook(once, {
      ...content,
      signatures: ["v1", "v1a"],
    });
    expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
    expect(webhook.publicKey).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    await expect(
      createWebhook(once, { ...content, signatures: ["v1", "v1a"] }),
    ).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining(webhook.id) as string,
    });
    const again = withIdempotency(ctx, "rotate-once", { route: "rotate" });
    const rotated = await rotateSecret(again, { id: webhook.id, overlapSeconds: 60 });
    await expect(rotateSecret(again, { id: webhook.id, overlapSeconds: 60 })).rejects.toMatchObject(
      {
        code: "CONFLICT",
      },
    );
    await sendTestEvent(ctx, webhook.id);
    await patch(ctx, webhook.id, { description: "another" });
    const shown = JSON.stringify([
      await getWebhook(ctx, webhook.id),
      await listWebhooks(ctx, { limit: 500 }),
      await listDeliveries(ctx, { webhookId: webhook.id, limit: 500 }),
    ]);
    for (const told of [secret, rotated.secret]) {
      expect(await placesOf(hexOf(told))).toEqual(["webhooks"]);
      expect(await placesOf(told.slice("whsec_".length))).toEqual([]);
      expect(shown).not.toContain(told.slice("whsec_".length));
      expect(shown).not.toContain(hexOf(told));
    }
    expect(await database.sql`select from fairlead.webhooks where id = ${webhook.id}`).toHaveLength(
      1,
    );
    await deleteWebhook(ctx, webhook.id);
    for (const told of [secret, rotated.secret]) expect(await placesOf(hexOf(told))).toEqual([]);
  });

  it("of before signs until its overlap is over, however many rotate at once", async () => {
    const ctx = await admin();
    const { secret, webhook } = await createWebhook(ctx, content);
    const rotate = () => rotateSecret(ctx, { id: webhook.id, overlapSeconds: 86_400 });
    const ends = await Promise.allSettled(Array.from({ length: 8 }, rotate));
    const [first, ...more] = ends.flatMap((end) => (end.status === "fulfilled" ? [end.value] : []));
    expect(more).toEqual([]);
    expect(ends.filter(({ status }) => status === "rejected")).toMatchObject(
      Array.from({ length: 7 }, () => ({ reason: { code: "CONFLICT" } })),
    );
    const [row] = await database.sql<{ secret: string; previous: string; seconds: number }[]>`
      select encode(secret, 'hex') as secret, encode(previous_secret, 'hex') as previous,
        extract(epoch from previous_secret_until - clock_timestamp())::int as seconds
      from fairlead.webhooks where id = ${webhook.id}`;
    expect(row).toMatchObject({ secret: hexOf(first?.secret ?? ""), previous: hexOf(secret) });
    expect(row?.seconds).toBeGreaterThan(80_000);
    expect(first?.webhook.previousSecretUntil).not.toBeNull();

    const last = await rotateSecret(ctx, { id: webhook.id, overlapSeconds: 0 });
    expect(last.webhook.previousSecretUntil).toBeNull();
    for (const gone of [secret, first?.secret ?? ""])
      expect(await placesOf(hexOf(gone))).toEqual([]);
  });
});

describe("headers of a webhook's own", () => {
  it("show no values, in no answer and no audit row, and stay where they are sent so", async () => {
    const ctx = await admin();
    const headers = { authorization: "Bearer very-private", "x-team": "also-private" };
    const { webhook } = await createWebhook(ctx, { ...content, headers });
    const hidden = { authorization: "***", "x-team": "***" };
    expect(webhook.headers).toEqual(hidden);
    const kept = await patch(ctx, webhook.id, {
      headers: { authorization: "***", "x-new": "n3w-value" },
    });
    expect(kept.webhook.headers).toEqual({ authorization: "***", "x-new": "***" });
    const [row] = await database.sql<{ headers: unknown }[]>`
      select headers from fairlead.webhooks where id = ${webhook.id}`;
    expect(row?.headers).toEqual({ authorization: "Bearer very-private", "x-new": "n3w-value" });
    expect(await placesOf("very-private")).toEqual(["webhooks"]);
    expect(await placesOf("n3w-value")).toEqual(["webhooks"]);
    expect(await placesOf("also-private")).toEqual([]);
  });

  it("cannot keep a value that is not there", async () => {
    const ctx = await admin();
    const nothing = { code: "INVALID_INPUT", errors: [{ path: "headers.x-team" }] };
    const headers = { "x-team": "***" };
    await expect(createWebhook(ctx, { ...content, headers })).rejects.toMatchObject(nothing);
    const { webhook } = await createWebhook(ctx, content);
    await expect(patch(ctx, webhook.id, { headers })).rejects.toMatchObject(nothing);
  });
});

describe("a webhook's headers, where its URL leads to another origin", () => {
  const headers = { authorization: "Bearer of-the-old-receiver", "x-team": "payments" };
  const storedHeaders = async (id: string) => {
    const [row] = await database.sql<{ url: string; headers: unknown }[]>`
      select url, headers from fairlead.webhooks where id = ${id}`;
    return row;
  };

  it("are not sent there unless they are given anew, not even by its owner", async () => {
    const owner = await admin();
    const { webhook } = await createWebhook(owner, { ...content, headers });
    const elsewhere = ["https://evil.example/hook", "https://example.org:8443/hook"];
    for (const ctx of [owner, await admin()]) {
      for (const url of elsewhere) {
        await expect(patch(ctx, webhook.id, { url })).rejects.toMatchObject({
          code: "INVALID_INPUT",
          errors: [
            { path: "headers.authorization", message: expect.stringContaining("anew") as string },
            { path: "headers.x-team" },
          ],
        });
        await expect(
          patch(ctx, webhook.id, {
            url,
            headers: { authorization: "Bearer new", "x-team": "***" },
          }),
        ).rejects.toMatchObject({ code: "INVALID_INPUT", errors: [{ path: "headers.x-team" }] });
      }
    }
    expect(await storedHeaders(webhook.id)).toEqual({ url: content.url, headers });
  });

  it("go there once they are, and stay where only the path is another", async () => {
    const ctx = await admin();
    const { webhook } = await createWebhook(ctx, { ...content, headers });
    const other = "https://example.org/other";
    await patch(ctx, webhook.id, { url: other });
    expect(await storedHeaders(webhook.id)).toEqual({ url: other, headers });
    const elsewhere = "https://example.net/hook";
    const anew = { authorization: "Bearer of-the-new-one" };
    await patch(ctx, webhook.id, { url: elsewhere, headers: anew });
    expect(await storedHeaders(webhook.id)).toEqual({ url: elsewhere, headers: anew });
    await patch(ctx, webhook.id, { url: content.url, headers: {} });
    expect(await storedHeaders(webhook.id)).toEqual({ url: content.url, headers: {} });
    await patch(ctx, webhook.id, { url: elsewhere });
    expect(await storedHeaders(webhook.id)).toEqual({ url: elsewhere, headers: {} });
  });
});

describe("a webhook's URL", () => {
  it("leads nowhere inside, at its creation and afterwards", async () => {
    const ctx = await admin();
    const { webhook } = await createWebhook(ctx, content);
    const refused = { code: "INVALID_INPUT", errors: [{ path: "url" }] };
    for (const url of [
      "https://127.0.0.1/",
      "https://[::1]/",
      "https://2130706433/",
      "ftp://example.org/",
    ]) {
      await expect(createWebhook(ctx, { ...content, url })).rejects.toMatchObject(refused);
      await expect(patch(ctx, webhook.id, { url })).rejects.toMatchObject(refused);
    }
  });
});

describe("a change of a webhook", () => {
  it("is lost where another version is named", async () => {
    const ctx = await admin();
    const { tag, webhook } = await createWebhook(ctx, content);
    const changed = await patch(ctx, webhook.id, { prefix: "db." }, [tag]);
    expect(changed.webhook).toMatchObject({ version: 2, prefix: "db.", owner: ctx.actor.id });
    await expect(patch(ctx, webhook.id, { prefix: "" }, [tag])).rejects.toMatchObject({
      code: "PRECONDITION_FAILED",
      headers: { etag: changed.tag },
    });
    expect((await getWebhook(ctx, webhook.id)).tag).toBe(changed.tag);
  });

  it("needs the permission where it is and where it goes to", async () => {
    const payments = await operatorOf("payments");
    const both = await someone([
      { role: "operator", effect: "allow", app: "payments" },
      { role: "operator", effect: "allow", app: "billing" },
    ]);
    const { webhook } = await createWebhook(payments, content);
    const { id } = webhook;
    // What it cannot see, it cannot name either.
    await expect(patch(payments, id, { app: "billing" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    await expect(patch(payments, id, { app: "" })).rejects.toMatchObject({ code: "FORBIDDEN" });
    expect((await patch(payments, id, { environment: "" })).webhook.environment).toBeNull();
    expect((await patch(both, id, { app: "billing" })).webhook).toMatchObject({
      app: "billing",
      owner: payments.actor.id,
    });
    await expect(patch(payments, id, { app: "payments" })).rejects.toMatchObject({
      code: "NOT_FOUND",
    });
    const readers = await someone([
      { role: "auditor", effect: "allow", app: "billing" },
      { role: "operator", effect: "allow", app: "payments" },
    ]);
    await expect(patch(readers, id, { description: "mine" })).rejects.toMatchObject({
      code: "FORBIDDEN",
    });
  });

  it("does not send elsewhere what its owner may read and its changer may not", async () => {
    const owner = await admin();
    const operator = await operatorOf("payments");
    const { webhook } = await createWebhook(owner, content);
    for (const changes of [
      { url: "https://attacker.example/" },
      { headers: {} },
      { payload: "full" },
      { prefix: "a" },
      { environment: "staging" },
    ] as const) {
      await expect(patch(operator, webhook.id, changes)).rejects.toMatchObject({
        code: "FORBIDDEN",
      });
    }
    // Who has the secret can pretend to its receiver to be this deployment.
    await expect(
      rotateSecret(operator, { id: webhook.id, overlapSeconds: 0 }),
    ).rejects.toMatchObject({ code: "FORBIDDEN" });
    const stopped = await patch(operator, webhook.id, { enabled: false, description: "stopped" });
    expect(stopped.webhook).toMatchObject({
      url: content.url,
      enabled: false,
      disabledReason: "requested",
      owner: owner.actor.id,
    });
    expect(
      (await patch(await admin(), webhook.id, { url: "https://example.net/" })).webhook.url,
    ).toBe("https://example.net/");
  });

  it("does not enable one whose key counts no more", async () => {
    const [owner, other] = [await operatorOf("payments"), await admin()];
    const { webhook } = await createWebhook(owner, { ...content, enabled: false });
    await revokeKey(database.sql, owner.actor.id);
    await expect(patch(other, webhook.id, { enabled: true })).rejects.toMatchObject({
      code: "CONFLICT",
      message: expect.stringContaining(owner.actor.id) as string,
    });
  });
});

describe("whoever sends", () => {
  it("hears of each change of a webhook, to put back what it has begun ahead", async () => {
    const ctx = await admin();
    const { webhook } = await createWebhook(ctx, { ...content, enabled: true });
    const { id } = webhook;
    let hears = Promise.withResolvers<string>();
    const listening = await database.sql.listen("fairlead_deliveries", (told) => {
      hears.resolve(told);
    });
    const changes = [
      () => patch(ctx, id, { url: "https://example.net/" }),
      () => patch(ctx, id, { enabled: false }),
      () => rotateSecret(ctx, { id, overlapSeconds: 0 }),
      () => patch(ctx, id, { enabled: true }),
      () => disableWebhook(database.sql, { webhookId: id, reason: "gone" }),
      () => deleteWebhook(ctx, id),
    ];
    for (const change of changes) {
      hears = Promise.withResolvers();
      await change();
      expect(await hears.promise).toBe("");
    }
    await listening.unlisten();
  });
});

describe("what a key may not see", () => {
  it("is missing in the same words as what is not there, whatever is asked of it", async () => {
    const { webhook } = await createWebhook(await admin(), { ...content, app: "billing" });
    const stranger = await operatorOf("payments");
    const missing = "00000000-0000-4000-8000-000000000000";
    const asks = (id: string): readonly Promise<unknown>[] => [
      getWebhook(stranger, id),
      patch(stranger, id, { description: "mine" }),
      deleteWebhook(stranger, id),
      sendTestEvent(stranger, id),
      rotateSecret(stranger, { id, overlapSeconds: 0 }),
      listDeliveries(stranger, { webhookId: id, limit: 1 }),
      getDelivery(stranger, { webhookId: id, deliveryId: missing }),
      redeliver(stranger, id, { sinceRevision: 0 }),
    ];
    const saidOf = async (id: string): Promise<string> => {
      const ends = await Promise.allSettled(asks(id));
      const said = ends.map((end) => {
        if (end.status === "fulfilled") return "answered";
        const { code, errors, headers, members, message } = end.reason as Record<string, unknown>;
        return { code, errors, headers, members, message };
      });
      return JSON.stringify(said).replaceAll(id, "the id");
    };
    expect(await saidOf(webhook.id)).toBe(await saidOf(missing));
    expect(await saidOf(webhook.id)).not.toContain("answered");
    const { items } = await listWebhooks(stranger, { limit: 500 });
    expect(items.map(({ id }) => id)).not.toContain(webhook.id);
  });

  it("cannot have a webhook either: one for all apps is for grants that are not restricted", async () => {
    const operator = await operatorOf("payments");
    const make = (app: string) => createWebhook(operator, { ...content, app });
    await expect(make("")).rejects.toMatchObject({ code: "FORBIDDEN" });
    await expect(make("billing")).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect((await make("payments")).webhook.app).toBe("payments");
  });
});
