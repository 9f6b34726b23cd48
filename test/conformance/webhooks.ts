import { describe, expect, it } from "vitest";
import { createKey } from "./limited-keys.ts";
import type { Area } from "./suite.ts";
import { commit, type Page, put, unique } from "./vocabulary.ts";

interface Webhook {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly owner: string;
  readonly version: number;
  readonly enabled: boolean;
  readonly app: string | null;
}

type WithSecret = Webhook & { readonly secret: string };

/** A name of which nothing is ever resolved (RFC 2606), so that no test calls anybody. */
const url = "https://receiver.invalid/hook";
const wanted = { url, events: ["dev.fairlead.webhook.test.v1"] };
const secret = /^whsec_[A-Za-z0-9+/]{43}=$/;

export const webhooks: Area = (api) => {
  const create = async (more: object = {}): Promise<WithSecret> => {
    const reply = await api.post<WithSecret>("/v1/webhooks", { ...wanted, ...more });
    expect(reply).toHaveStatus(201);
    return reply.body;
  };
  const pathOf = ({ id }: { readonly id: string }): string => `/v1/webhooks/${id}`;

  /** An app that exists. */
  const someApp = async (): Promise<string> => {
    const app = unique("hooked");
    await commit(api, [put({ app, key: "own", value: 1 })]);
    return app;
  };

  describe("a webhook", () => {
    it("is made with a secret that no later answer tells", async () => {
      const reply = await api.post<WithSecret>("/v1/webhooks", { ...wanted, signatures: ["v1a"] });
      expect(reply).toHaveStatus(201);
      expect(reply.headers.get("cache-control")).toBe("no-store");
      expect(reply.body.secret).toMatch(secret);
      expect(reply.body).toMatchObject({
        ...wanted,
        app: null,
        environment: null,
        prefix: "",
        payload: "thin",
        format: "cloudevents",
        description: "",
        headers: {},
        publicKey: expect.stringMatching(/^whpk_/) as unknown,
        enabled: true,
        version: 1,
      });
      const { secret: _, ...shown } = reply.body;
      const found = await api.get<Webhook>(pathOf(shown));
      expect(found.body).toEqual(shown);
      expect(found.headers.get("etag")).toBe(reply.headers.get("etag"));
      const { body } = await api.get<Page<Webhook>>("/v1/webhooks?limit=1");
      expect(body.items).toEqual([shown]);
      const etag = found.headers.get("etag") ?? "";
      expect(await api.get(pathOf(shown), { "if-none-match": etag })).toHaveStatus(304);
    });

    it("is made once for an Idempotency-Key, and a repeat is told no secret", async () => {
      const headers = { "idempotency-key": unique("webhook") };
      const first = await api.post<WithSecret>("/v1/webhooks", wanted, headers);
      const again = await api.post("/v1/webhooks", wanted, headers);
      expect(again).toBeProblem("CONFLICT", { detail: first.body.id });
      expect(again.text).not.toContain("whsec_");
      const other = await api.post("/v1/webhooks", { ...wanted, prefix: "a" }, headers);
      expect(other).toBeProblem("IDEMPOTENCY_KEY_REUSED");
    });

    it.each<[string, object, string]>([
      ["no URL", { url: "receiver" }, "url"],
      ["a URL inside", { url: "https://127.0.0.1/" }, "url"],
      ["a URL inside in disguise", { url: "https://0x7f.1/" }, "url"],
      ["a URL with a password", { url: "https://a:b@receiver.invalid/" }, "url"],
      ["no event", { events: [] }, "events"],
      ["one event twice", { events: ["*", "*"] }, "events"],
      [
        "too many events",
        { events: Array.from({ length: 51 }, (_, n) => `dev.fairlead.${n}`) },
        "events",
      ],
      ["events of somebody else", { events: ["com.example.*"] }, "events.0"],
      ["an unknown format", { format: "xml" }, "format"],
      ["a long description", { description: "a".repeat(1_001) }, "description"],
      ["a header that is ours", { headers: { "Webhook-Id": "1" } }, "headers.Webhook-Id"],
      ["a header of the connection", { headers: { host: "inside" } }, "headers.host"],
      ["a header with a line break", { headers: { "x-a": "1\r\nx-b: 2" } }, "headers.x-a"],
      ["a long header", { headers: { "x-a": "a".repeat(1_024) } }, "headers.x-a"],
      ["a header without a name", { headers: { "": "1" } }, "headers."],
      [
        "too many headers",
        { headers: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`x-${n}`, "1"])) },
        "headers",
      ],
      ["a member that there is not", { owner: "me" }, "owner"],
    ])("is not made with %s", async (_, more, path) => {
      const reply = await api.post("/v1/webhooks", { ...wanted, ...more });
      expect(reply).toBeProblem("INVALID_INPUT", { paths: [path] });
    });

    it("is not made for an app or environment that is not there", async () => {
      for (const scope of [{ app: "no-such-app" }, { environment: "no-such-environment" }]) {
        const [name = ""] = Object.values(scope);
        const reply = await api.post("/v1/webhooks", { ...wanted, ...scope });
        expect(reply).toBeProblem("NOT_FOUND", { detail: name });
      }
    });

    it("takes its app from its maker's key where it names none", async () => {
      const app = await someApp();
      const grants = [{ role: "operator", app }];
      const key = await createKey(api, grants, { defaults: { app, environment: null } });
      const made = await key.api.post<WithSecret>("/v1/webhooks", wanted);
      expect(made).toHaveStatus(201);
      expect(made.body).toMatchObject({ app, owner: key.id });
      expect(await key.api.post("/v1/webhooks", { ...wanted, app: null })).toBeProblem("FORBIDDEN");
    });

    it("changes only as it was seen, and keeps what is left out", async () => {
      const webhook = await create({ headers: { "X-Team": "private" }, description: "one" });
      const etag = (await api.get(pathOf(webhook))).headers.get("etag") ?? "";
      const change = { description: "two", headers: { "x-team": "***", "x-more": "1" } };
      const changed = await api.patch<Webhook>(pathOf(webhook), change, { "if-match": etag });
      expect(changed).toHaveStatus(200);
      const { secret: _, updatedAt: __, ...before } = webhook as WithSecret & { updatedAt: string };
      expect(changed.body).toMatchObject({
        ...before,
        description: "two",
        headers: { "x-team": "***", "x-more": "***" },
        version: 2,
      });
      const lost = await api.patch(pathOf(webhook), change, { "if-match": etag });
      expect(lost).toBeProblem("PRECONDITION_FAILED");
      expect(lost.headers.get("etag")).toBe(changed.headers.get("etag"));
      expect(await api.patch(pathOf(webhook), { url: "http://10.0.0.1/" })).toBeProblem(
        "INVALID_INPUT",
        { paths: ["url", "url"] },
      );
    });

    it("is gone once it is deleted, with its deliveries", async () => {
      const webhook = await create();
      expect(await api.post(`${pathOf(webhook)}/test`, undefined)).toHaveStatus(202);
      expect(await api.delete(pathOf(webhook))).toHaveStatus(204);
      for (const path of [pathOf(webhook), `${pathOf(webhook)}/deliveries`]) {
        expect(await api.get(path)).toBeProblem("NOT_FOUND");
      }
      expect(await api.delete(pathOf(webhook))).toBeProblem("NOT_FOUND");
    });
  });

  describe("a webhook's secret", () => {
    it("is rotated, and not again before the overlap is over", async () => {
      const webhook = await create();
      const rotate = (overlapSeconds?: number, headers = {}) =>
        api.post<WithSecret & { previousSecretUntil: string | null }>(
          `${pathOf(webhook)}/rotate-secret`,
          { overlapSeconds },
          headers,
        );
      for (const seconds of [-1, 604_801, 1.5]) {
        expect(await rotate(seconds)).toBeProblem("INVALID_INPUT", { paths: ["overlapSeconds"] });
      }
      const key = { "idempotency-key": unique("rotation") };
      const first = await rotate(undefined, key);
      expect(first).toHaveStatus(200);
      expect(first.headers.get("cache-control")).toBe("no-store");
      expect(first.body.secret).toMatch(secret);
      expect(first.body.secret).not.toBe(webhook.secret);
      expect(first.body.previousSecretUntil).not.toBeNull();
      expect((await rotate(undefined, key)).text).not.toContain("whsec_");
      expect(await rotate(60)).toBeProblem("CONFLICT");
      const last = await rotate(0);
      expect(last.body).toMatchObject({ previousSecretUntil: null, version: 3 });
    });
  });

  describe("deliveries", () => {
    it("are listed, shown whole, and sent again", async () => {
      const webhook = await create();
      const path = `${pathOf(webhook)}/deliveries`;
      const headers = { "idempotency-key": unique("test") };
      const sent = await api.post<{ deliveryId: string; eventId: string }>(
        `${pathOf(webhook)}/test`,
        undefined,
        headers,
      );
      expect(sent).toHaveStatus(202);
      const repeat = await api.post(`${pathOf(webhook)}/test`, undefined, headers);
      expect(repeat.body).toEqual(sent.body);
      const { deliveryId, eventId } = sent.body;
      const listed = await api.get<Page<object>>(`${path}?eventType=dev.fairlead.webhook.test.v1`);
      expect(listed.body.items).toMatchObject([{ id: deliveryId, eventId, revision: null }]);
      expect((await api.get<Page<object>>(`${path}?state=cancelled`)).body.items).toEqual([]);
      expect(await api.get(`${path}?state=lost`)).toBeProblem("INVALID_INPUT", {
        paths: ["state"],
      });
      const shown = await api.get<{ body: string }>(`${path}/${deliveryId}`);
      expect(JSON.parse(shown.body.body)).toMatchObject({ specversion: "1.0", id: eventId });
      const again = (body: object) => api.post(`${pathOf(webhook)}/redeliver`, body);
      expect(await again({})).toBeProblem("INVALID_INPUT");
      expect(await again({ sinceRevision: 0, deliveryId })).toBeProblem("INVALID_INPUT");
      expect((await again({ sinceRevision: 0 })).body).toMatchObject({ redelivered: 0 });
      const unknown = { deliveryId: "00000000-0000-4000-8000-000000000000" };
      expect(await again(unknown)).toBeProblem("NOT_FOUND");
    });
  });

  describe("a webhook of another app", () => {
    it("is 404 in the very words for one that is not there, on every route", async () => {
      const webhook = await create({ app: await someApp() });
      const missing = { id: "00000000-0000-4000-8000-000000000000" };
      const stranger = await createKey(api, [{ role: "operator", app: await someApp() }]);
      const answersFor = async ({ id }: { readonly id: string }): Promise<string> => {
        const path = pathOf({ id });
        const replies = await Promise.all([
          stranger.api.get(path),
          stranger.api.patch(path, { description: "mine" }),
          stranger.api.delete(path),
          stranger.api.post(`${path}/test`, undefined),
          stranger.api.post(`${path}/rotate-secret`, {}),
          stranger.api.post(`${path}/redeliver`, { sinceRevision: 0 }),
          stranger.api.get(`${path}/deliveries`),
          stranger.api.get(`${path}/deliveries/${missing.id}`),
        ]);
        for (const reply of replies) expect(reply).toBeProblem("NOT_FOUND");
        const texts = replies.map(({ text }) => text.replace(/"requestId":"[^"]+"/, ""));
        return texts.join("\n").replaceAll(id, "the id");
      };
      expect(await answersFor(webhook)).toBe(await answersFor(missing));
      const list = await stranger.api.get<Page<Webhook>>("/v1/webhooks?limit=500");
      expect(list.body.items).toEqual([]);
    });
  });
};
