import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blocksOf, readPage, root } from "../helpers/documented.ts";
import { freePort } from "../helpers/free-port.ts";
import { type Server, startServer } from "../helpers/start-server.ts";
import { startVerifyingReceiver } from "../helpers/webhooks/verifying-receiver.ts";

const blocks = blocksOf(await readPage("docs/webhooks.md"));
const deadlineMs = 180_000;

interface DocumentedReceiver {
  readonly lines: readonly string[];
  /** Waits for a line. */
  says(line: string): Promise<void>;
  stop(): Promise<void>;
}

/** The page's receiver in a process of its own: its code block, and nothing else. */
const startDocumentedReceiver = async (
  port: number,
  secret: string,
): Promise<DocumentedReceiver> => {
  const [code, ...more] = blocks.filter(({ language }) => language === "ts");
  if (code === undefined || more.length > 0) throw new Error("the page has one block of ts");
  const folder = await mkdtemp(join(tmpdir(), "fairlead-receiver-"));
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "receiver.ts"), code.text);
  await symlink(join(root, "node_modules"), join(folder, "node_modules"));
  const child = spawn(process.execPath, [join(folder, "receiver.ts")], {
    env: { PORT: String(port), WEBHOOK_SECRET: secret },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
  while (!(await isAnswered(port))) {
    if (child.exitCode !== null) throw new Error(`the receiver ended with ${child.exitCode}`);
    await sleep(25);
  }
  return {
    lines,
    async says(line) {
      while (!lines.includes(line)) await once(reader, "line");
    },
    async stop() {
      const ended = child.exitCode === null ? once(child, "exit") : undefined;
      child.kill("SIGKILL");
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const isAnswered = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/`, { method: "POST" }).then(
    ({ status }) => status === 401,
    () => false,
  );

describe("docs/webhooks.md", () => {
  let server: Server;

  beforeAll(async () => {
    server = await startServer({ WEBHOOK_ALLOW_PRIVATE: "127.0.0.0/8" }, () => ({
      command: [process.execPath, "src/entry/node.ts"],
    }));
  }, deadlineMs);
  afterAll(() => server.stop());

  const post = async <Body>(path: string, body: object): Promise<Body> => {
    const response = await fetch(server.url + path, {
      method: "POST",
      headers: { authorization: `Bearer ${server.adminKey}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${path}: ${text}`);
    return JSON.parse(text) as Body;
  };

  const createHook = (url: string, more: object = {}) =>
    post<{ secret: string }>("/v1/webhooks", {
      url,
      events: ["dev.fairlead.change.*"],
      ...more,
    });

  const change = async (value: number, message = ""): Promise<number> => {
    const scope = { app: "payments", environment: "production" };
    const operations = [{ op: "put", kind: "config", ...scope, key: "db.pool.size", value }];
    return (await post<{ revision: number }>("/v1/changes", { operations, message })).revision;
  };

  it(
    "shows what is sent in each format",
    async () => {
      const written = blocks.filter(({ language }) => language === "json");
      const { data, time } = JSON.parse(written[0]!.text) as {
        data: { epoch: string };
        time: string;
      };
      const receiver = await startVerifyingReceiver();
      for (const value of [20, 10, 20]) await change(value);
      const hooks = [
        {},
        { payload: "full" },
        { payload: "full", format: "slack" },
        { format: "teams" },
      ];
      const secrets: string[] = [];
      for (const more of hooks) {
        const { secret } = await createHook(receiver.url, more);
        receiver.trust(secret);
        secrets.push(secret);
      }
      expect(await change(25, "raise the pool")).toBe(4);
      const bodies = await Promise.all(
        secrets.map(async (secret) => {
          const found = await receiver.arrives((delivery) => delivery.secrets.includes(secret));
          const text = found.body
            .replaceAll(/"[0-9a-f]{16}(?=[-"])/g, `"${data.epoch}`)
            .replaceAll(/"time":"[^"]*"/g, `"time":"${time}"`);
          return JSON.parse(text) as unknown;
        }),
      );
      await receiver.stop();
      expect(written.map(({ text }) => JSON.parse(text) as unknown)).toEqual(bodies);
    },
    deadlineMs,
  );

  it(
    "has a receiver that takes each delivery once, in its order, and nothing else",
    async () => {
      const port = await freePort();
      const { secret } = await createHook(`http://127.0.0.1:${port}/hook`);
      const receiver = await startDocumentedReceiver(port, secret);
      const entry = "config/payments/production/db.pool.size";
      const lineOf = (revision: number): string => `revision ${revision} changed ${entry}`;
      const deliver = async (
        deliveryId: string,
        revision: number,
        key = secret,
      ): Promise<number> => {
        const changed = { kind: "config", app: "payments", environment: "production" };
        const data = { revision, changes: [{ ...changed, key: "db.pool.size" }] };
        const body = JSON.stringify({ type: "dev.fairlead.change.v1", data });
        const now = new Date();
        const response = await fetch(`http://127.0.0.1:${port}/hook`, {
          method: "POST",
          headers: {
            "webhook-id": deliveryId,
            "webhook-timestamp": String(Math.floor(now.getTime() / 1_000)),
            "webhook-signature": new Webhook(key).sign(deliveryId, now, body),
          },
          body,
        });
        return response.status;
      };
      try {
        const first = await change(1);
        await receiver.says(lineOf(first));
        const second = await change(2);
        await receiver.says(lineOf(second));
        // Older than what it has; the same again; signed by somebody else.
        expect(await deliver("older", first)).toBe(204);
        expect(await deliver("newest", 1_000)).toBe(204);
        expect(await deliver("newest", 1_001)).toBe(204);
        const strange = `whsec_${Buffer.alloc(32, 1).toString("base64")}`;
        expect(await deliver("strange", 1_002, strange)).toBe(401);
        await receiver.says(lineOf(1_000));
        expect(receiver.lines).toEqual([lineOf(first), lineOf(second), lineOf(1_000)]);
      } finally {
        await receiver.stop();
      }
    },
    deadlineMs,
  );
});
