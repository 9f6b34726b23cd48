import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Server, startServer } from "../../../test/helpers/start-server.ts";
import { startReceiver } from "../../../test/helpers/webhooks/receiver.ts";
import { startFakeServer } from "../testing/fake-server.ts";
import { type Captured, runCaptured, terminal } from "../testing/run-captured.ts";

const secretPattern = /^whsec_[A-Za-z0-9+/]{43}=\n$/;
const missing = "00000000-0000-4000-8000-000000000000";
/** A name of which nothing is ever resolved (RFC 2606), so that no test calls anybody. */
const hook = "https://receiver.invalid/hook";
const deadlineMs = 120_000;

/** What the tests look at, of whatever a command has printed. */
interface Printed {
  readonly id: string;
  readonly deliveryId: string;
  readonly state: string;
}

const parsed = ({ exitCode, stderr, stdout }: Captured): Printed => {
  expect([exitCode, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Printed;
};

describe("webhooks, against a server", () => {
  let server: Server;

  beforeAll(async () => {
    server = await startServer({ WEBHOOK_ALLOW_PRIVATE: "127.0.0.0/8" }, () => ({
      command: [process.execPath, "src/entry/node.ts"],
    }));
  }, deadlineMs);
  afterAll(() => server.stop());

  const env = () => ({ FAIRLEAD_URL: server.url, FAIRLEAD_API_KEY: server.adminKey });
  const run = (...argv: readonly string[]): Promise<Captured> =>
    runCaptured(["webhooks", ...argv], { env: env() });
  const set = async (key: string, value: string, ...more: readonly string[]): Promise<void> =>
    void parsed(await runCaptured(["set", key, value, ...more, "--json"], { env: env() }));

  const create = async (...argv: readonly string[]): Promise<string> => {
    const argvOfAll = ["create", hook, "--events", "dev.fairlead.*", ...argv, "--json"];
    return parsed(await run(...argvOfAll)).id;
  };

  it("makes one, and prints its secret alone on standard output and nowhere afterwards", async () => {
    await set("own", "1", "--app", "payments");
    const argv = [
      "create",
      hook,
      "--events",
      "dev.fairlead.change.*,dev.fairlead.webhook.*",
      "--events",
      "dev.fairlead.test.v1",
      "--app",
      "payments",
      "--prefix",
      "db.",
      "--payload",
      "full",
      "--signature",
      "v1",
      "--signature",
      "v1a",
      "--header",
      "Authorization=Bearer a=b",
      "--description",
      "for us",
      "--disabled",
    ];
    const made = await run(...argv);
    expect(made.exitCode).toBe(0);
    expect(made.stdout).toMatch(secretPattern);
    expect(made.stderr).toContain("it is shown this once");
    expect(made.stderr).toContain("whpk_");
    const secret = made.stdout.trim();
    expect(made.stderr).not.toContain(secret);

    const list = await run("list");
    const [line = ""] = list.stdout.split("\n").slice(1);
    expect(line).toMatch(/disabled \(requested\) {2}payments\/\* .*cloudevents .*invalid\/hook$/);
    const id = line.slice(0, 36);
    const shown = await run("show", id);
    for (const text of [
      "events:      dev.fairlead.change.*\n             dev.fairlead.webhook.*\n             dev.fairlead.test.v1\n",
      "headers:     authorization: ***\n",
      "prefix:      db.\n",
      "payload:     full\n",
      "signatures:  v1, v1a\n",
      "description: for us\n",
    ]) {
      expect(shown.stdout).toContain(text);
    }
    const json = await run("show", id, "--json");
    expect(parsed(json)).toMatchObject({ id, app: "payments", enabled: false });
    for (const { stderr, stdout } of [list, shown, json]) {
      expect(stdout + stderr).not.toContain(secret);
    }
  });

  it("changes what is said and keeps the rest, other headers among it", async () => {
    const id = await create("-a", "payments", "--prefix", "a", "--header", "x-one=1");
    const changed = parsed(
      await run("update", id, "--header", "X-Two=2", "--all-apps", "--disable", "--json"),
    );
    expect(changed).toMatchObject({
      app: null,
      prefix: "a",
      enabled: false,
      headers: { "x-one": "***", "x-two": "***" },
    });
    const again = await run("update", id, "--remove-header", "x-one", "--enable");
    expect(again.stdout).toBe(`Changed the webhook ${id}; it is enabled.\n`);
    expect(parsed(await run("show", id, "--json"))).toMatchObject({
      headers: { "x-two": "***" },
      enabled: true,
    });
  });

  it("says what to do with headers where events are to go to another origin", async () => {
    const id = await create("--header", "authorization=Bearer a", "--header", "x-team=b");
    const elsewhere = ["update", id, "--new-url", "https://other.invalid/hook"];
    const refused = await run(...elsewhere, "--header", "x-team=c");
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain("were given for https://receiver.invalid: authorization.");
    expect(refused.stderr).toContain("--header 'authorization=VALUE'");
    expect(refused.stderr).toContain("--remove-header authorization");
    const given = ["--header", "x-team=c", "--remove-header", "authorization"];
    expect((await run(...elsewhere, ...given)).exitCode).toBe(0);
    const shown = parsed(await run("show", id, "--json"));
    expect(shown).toMatchObject({
      url: "https://other.invalid/hook",
      headers: { "x-team": "***" },
    });
    const samePlace = await run("update", id, "--new-url", "https://other.invalid/another");
    expect(samePlace.exitCode).toBe(0);
  });

  it("asks before it deletes one, and wants --yes where nobody can be asked", async () => {
    const id = await create();
    expect((await run("delete", id)).exitCode).toBe(2);
    const no = await runCaptured(["webhooks", "delete", id], { env: env(), ...terminal("n\n") });
    expect([no.exitCode, no.stderr]).toEqual([
      1,
      expect.stringContaining("Nothing was deleted.") as unknown,
    ]);
    expect((await run("show", id)).exitCode).toBe(0);
    const yes = await runCaptured(["webhooks", "delete", id], { env: env(), ...terminal("y\n") });
    expect(yes.stderr).toContain(`Delete the webhook ${id} (${hook}) with its deliveries?`);
    expect(yes.exitCode).toBe(0);
    expect((await run("show", id)).exitCode).toBe(3);
    const other = await create();
    const json = await run("delete", other, "--yes", "--json");
    expect(parsed(json)).toEqual({ id: other, deleted: true });
  });

  it("gives another secret, for both to sign until the overlap is over", async () => {
    const id = await create();
    const rotated = await run("rotate-secret", id, "--overlap", "2h");
    expect(rotated.stdout).toMatch(secretPattern);
    expect(rotated.stderr).toContain("The secret before signs as well until");
    expect((await run("show", id)).stdout).toContain("old secret until:");
    expect((await run("rotate-secret", id)).exitCode).toBe(4);
    const ended = await run("rotate-secret", id, "--no-overlap");
    expect(ended.stdout).toMatch(secretPattern);
    expect(ended.stdout).not.toBe(rotated.stdout);
    expect(ended.stderr).toContain("counts no more");
  });

  it("sends a test, shows how it went, and sends it again", async () => {
    const receiver = await startReceiver();
    receiver.answerAll(200);
    const made = await run("create", receiver.url, "--events", "dev.fairlead.*", "--json");
    const { id } = parsed(made);
    const { deliveryId } = parsed(await run("test", id, "--json"));
    const delivered = async (): Promise<Printed> => {
      for (;;) {
        const shown = await run("deliveries", id, deliveryId, "--json");
        const delivery = parsed(shown);
        if (delivery.state === "delivered") return delivery;
        await sleep(50);
      }
    };
    expect(await delivered()).toMatchObject({ id: deliveryId, status: 200 });
    const shown = await run("deliveries", id, deliveryId);
    expect(shown.stdout).toMatch(/^state: +delivered$/m);
    expect(shown.stdout).toContain('"type":"dev.fairlead.webhook.test.v1"');

    const listed = await run("deliveries", id, "--state", "delivered", "--limit", "1");
    expect(listed.stdout).toContain(`${deliveryId}  dev.fairlead.webhook.test.v1`);
    for (const filter of [
      ["--event-type", "dev.fairlead.change.v1"],
      ["--since", "2999-01-01T00:00:00Z"],
      ["--state", "parked"],
    ]) {
      expect(parsed(await run("deliveries", id, ...filter, "--json"))).toEqual({ items: [] });
    }

    const sent = await run("redeliver", id, "--since", "2026-01-01T00:00:00Z");
    expect(sent.stdout).toBe("1 delivery is sent again.\n");
    const again = await receiver.arrives(2);
    expect(again.id).toBe(deliveryId);
    const revisions = await run("redeliver", id, "--since-revision", "0", "--json");
    expect(parsed(revisions)).toEqual({ webhookId: id, redelivered: 0 });
    await receiver.stop();
  });

  it(
    "listens with a webhook of its own, which is gone afterwards",
    async () => {
      const begun = Promise.withResolvers<string>();
      const lines: string[] = [];
      const ended = runCaptured(
        [
          "webhooks",
          "listen",
          "--create",
          "--events",
          "*",
          "--prefix",
          "heard.",
          "--count",
          "2",
          "--json",
        ],
        {
          env: env(),
          stdout: {
            write(text) {
              lines.push(text);
              const { webhookId } = JSON.parse(text) as { webhookId?: string };
              if (webhookId !== undefined) begun.resolve(webhookId);
            },
          },
        },
      );
      const id = await begun.promise;
      expect((await run("test", id)).stdout).toContain("is under way");
      await set("heard.key", "20");
      expect((await ended).exitCode).toBe(0);
      const told = lines.slice(1).map((line) => JSON.parse(line) as object);
      expect(told).toMatchObject([
        { verified: true, answered: 200, body: { type: "dev.fairlead.webhook.test.v1" } },
        { verified: true, body: { data: { changes: [{ key: "heard.key", op: "put" }] } } },
      ]);
      expect((await run("show", id)).exitCode).toBe(3);
    },
    deadlineMs,
  );

  it("tells what the server refuses", async () => {
    const inside = await run("create", "https://10.0.0.1/", "--events", "dev.fairlead.*");
    expect(inside.exitCode).toBe(5);
    expect(inside.stderr).toContain("leads to an address that may not be called");
    for (const argv of [["show"], ["test"], ["delete", "--yes"], ["deliveries"]]) {
      expect((await run(...argv, missing)).exitCode).toBe(3);
    }
  });
});

describe("webhooks", () => {
  it.each([
    ["no types of events", ["create", hook], 2],
    ["a header without a value", ["create", hook, "--events", "*", "--header", "s3cret"], 2],
    ["another format", ["create", hook, "--events", "*", "--format", "xml"], 2],
    ["an id that is none", ["show", "../api-keys"], 5],
    ["a delivery's id that is none", ["deliveries", missing, "x"], 5],
    ["a change of nothing", ["update", missing], 2],
    ["both at once", ["update", missing, "--enable", "--disable"], 2],
    ["all apps and one", ["update", missing, "--all-apps", "--app", "a"], 2],
    ["nothing to send again", ["redeliver", missing], 2],
    [
      "two things to send again",
      ["redeliver", missing, "--delivery", missing, "--since-revision", "1"],
      2,
    ],
    ["an overlap without a unit", ["rotate-secret", missing, "--overlap", "3600"], 2],
  ])("asks nobody where it is given %s", async (_, argv, exitCode) => {
    await using server = await startFakeServer(() => ({ body: {} }));
    const refused = await runCaptured(["webhooks", ...argv], server);
    expect([refused.exitCode, server.received]).toEqual([exitCode, []]);
    expect(refused.stderr).not.toContain("s3cret");
  });

  it("sends under one Idempotency-Key what must happen once", async () => {
    await using server = await startFakeServer(({ path }, index) =>
      index % 2 === 0
        ? { status: 503, body: { title: "Temporarily unavailable", code: "UNAVAILABLE" } }
        : {
            body: path.endsWith("test")
              ? { deliveryId: missing, eventId: "test-1" }
              : { webhookId: missing, redelivered: 1 },
          },
    );
    await runCaptured(["webhooks", "test", missing], server);
    await runCaptured(["webhooks", "redeliver", missing, "--delivery", missing], server);
    const keys = server.received.map(({ headers }) => headers["idempotency-key"]);
    expect(keys).toEqual([keys[0], keys[0], keys[2], keys[2]]);
    expect(new Set(keys).size).toBe(2);
    expect(server.received[3]?.body).toEqual({ deliveryId: missing });
  });
});
