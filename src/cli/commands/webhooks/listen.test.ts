import { once } from "node:events";
import { connect, createServer } from "node:net";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { startFakeServer } from "../../testing/fake-server.ts";
import { type Captured, runCaptured } from "../../testing/run-captured.ts";

const secret = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const otherSecret = `whsec_${Buffer.alloc(32, 8).toString("base64")}`;
const id = "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11";

interface Listening {
  readonly url: string;
  readonly ended: Promise<Captured>;
  /** What it has printed so far. */
  stdout(): string;
  /** As an interrupt does. */
  stop(): Promise<Captured>;
}

/** Runs `webhooks listen` and waits until it does. */
const startListening = async (
  argv: readonly string[],
  io: { readonly url?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Listening> => {
  const begun = Promise.withResolvers<string>();
  let printed = "";
  let interrupt = (): void => {};
  const ended = runCaptured(["webhooks", "listen", ...argv], {
    ...io,
    stdout: {
      write(text) {
        printed += text;
        const [url] = /http:\/\/127\.0\.0\.1:\d+\//.exec(printed) ?? [];
        if (url !== undefined) begun.resolve(url);
      },
    },
    onStop(listener) {
      interrupt = listener;
      return () => {};
    },
  });
  ended.then(
    ({ stderr }) => begun.reject(new Error(`it ended: ${stderr}`)),
    (error: unknown) => begun.reject(error as Error),
  );
  const stop = (): Promise<Captured> => {
    interrupt();
    return ended;
  };
  return { url: await begun.promise, ended, stdout: () => printed, stop };
};

const change = (key = "db.pool.size") =>
  JSON.stringify({
    specversion: "1.0",
    type: "dev.fairlead.change.v1",
    data: {
      revision: 42,
      changes: [
        { op: "put", kind: "config", app: "payments", environment: null, key, version: 3 },
        {
          op: "delete",
          kind: "config",
          app: null,
          environment: null,
          key: "a",
          version: 4,
          before: 1,
          after: null,
        },
      ],
    },
  });

interface Sent {
  readonly body?: string;
  readonly signedWith?: string;
  readonly signedBody?: string;
  readonly at?: Date;
  readonly deliveryId?: string;
}

/** Delivers to a receiver as the product does, signed by the standardwebhooks library. */
const deliver = async (url: string, sent: Sent = {}): Promise<number> => {
  const { at = new Date(), body = change(), deliveryId = "d-1", signedWith = secret } = sent;
  const response = await fetch(url, {
    method: "POST",
    headers: {
      "webhook-id": deliveryId,
      "webhook-timestamp": String(Math.floor(at.getTime() / 1_000)),
      "webhook-signature": `v1a,AAAA ${new Webhook(signedWith).sign(deliveryId, at, sent.signedBody ?? body)}`,
    },
    body,
  });
  return response.status;
};

const fiveMinutesMs = 300_000;

describe("webhooks listen", () => {
  it("prints what arrives, a line each and one for each entry, and says what came before", async () => {
    const listening = await startListening(["--count", "2"]);
    expect([await deliver(listening.url), await deliver(listening.url)]).toEqual([200, 200]);
    const { exitCode } = await listening.ended;
    expect(exitCode).toBe(0);
    const [, first, ...rest] = listening.stdout().trimEnd().split("\n");
    expect(first).toMatch(
      /^\d{4}-\S+Z {2}dev\.fairlead\.change\.v1 {2}revision 42 {2}d-1 {2}not checked {2}answered 200$/,
    );
    expect(rest.slice(0, 2)).toEqual([
      "  put  config  payments/*  db.pool.size  v3",
      "  delete  config  global  a  v4  1 → null",
    ]);
    expect(rest[2]).toContain("d-1  again  not checked");
  });

  it("takes only what was signed with the secret a moment ago, and answers 401 to the rest", async () => {
    const listening = await startListening(["--secret", otherSecret, "--secret", secret, "--json"]);
    const nowMs = Date.now();
    const statuses = [
      await deliver(listening.url),
      await deliver(listening.url, { signedWith: otherSecret }),
      await deliver(listening.url, { at: new Date(nowMs - fiveMinutesMs + 30_000) }),
      await deliver(listening.url, {
        signedWith: `whsec_${Buffer.alloc(32, 9).toString("base64")}`,
      }),
      await deliver(listening.url, { body: change("another"), signedBody: change() }),
      await deliver(listening.url, { at: new Date(nowMs - fiveMinutesMs - 30_000) }),
      await deliver(listening.url, { at: new Date(nowMs + fiveMinutesMs + 30_000) }),
      (await fetch(listening.url, { method: "POST", body: change() })).status,
    ];
    expect(statuses).toEqual([200, 200, 200, 401, 401, 401, 401, 401]);
    await listening.stop();
    const [begin, ...lines] = listening
      .stdout()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(begin).toEqual({ event: "listening", url: listening.url, webhookId: null });
    expect(lines.map(({ verified }) => verified)).toEqual(statuses.map((status) => status === 200));
    expect(lines[0]).toMatchObject({
      event: "delivery",
      id: "d-1",
      reason: null,
      body: { type: "dev.fairlead.change.v1", data: { revision: 42 } },
    });
    expect(lines.slice(3).map(({ reason }) => reason)).toEqual([
      "its signature is of another secret, or of another body",
      "its signature is of another secret, or of another body",
      "its timestamp is more than five minutes off",
      "its timestamp is more than five minutes off",
      "it is not signed",
    ]);
  });

  it("takes the secret from the environment, and answers as it is told to", async () => {
    const env = { FAIRLEAD_WEBHOOK_SECRET: secret };
    const listening = await startListening(["--fail-with", "503", "--once"], { env });
    expect(await deliver(listening.url)).toBe(503);
    await listening.ended;
    expect(listening.stdout()).toContain("verified  answered 503");
  });

  it("prints what else an event says, and what is none, without letting it act on the terminal", async () => {
    const listening = await startListening(["--count", "2"]);
    await deliver(listening.url, { body: '{"type":"a.test","data":{"text":"\\u001b[31m"}}' });
    await deliver(listening.url, { body: "\u001b[31m\u009b1m" });
    await listening.ended;
    const output = listening.stdout();
    expect(output).toContain('  {"text":"\\u001b[31m"}');
    expect(output).toContain('  "\\u001b[31m\\u009b1m"');
    expect(output).toMatch(/^[\P{Cc}\n]*$/u);
  });

  it("answers neither other methods nor bodies without an end", async () => {
    const listening = await startListening([]);
    expect((await fetch(listening.url)).status).toBe(405);
    const huge = await fetch(listening.url, { method: "POST", body: "x".repeat(1_100_000) }).then(
      ({ status }) => status,
      () => 413,
    );
    expect(huge).toBe(413);
    expect((await listening.stop()).exitCode).toBe(0);
    expect(listening.stdout().trimEnd().split("\n")).toHaveLength(1);
  });

  it("does not wait for a request that does not end", async () => {
    const listening = await startListening([]);
    const socket = connect(Number(new URL(listening.url).port), "127.0.0.1");
    socket.on("error", () => {});
    await new Promise((resolve) => {
      socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\nhalf", resolve);
    });
    expect((await listening.stop()).exitCode).toBe(0);
    socket.destroy();
  });

  it("has a webhook of its own for as long as it runs, and says which", async () => {
    let deleted = 0;
    await using server = await startFakeServer(({ body, method }) => {
      if (method === "DELETE") {
        deleted += 1;
        return { status: 204 };
      }
      return { status: 201, body: { id, enabled: true, secret, ...(body as object) } };
    });
    const argv = ["--create", "--events", "dev.fairlead.*", "-a", "payments", "--payload", "full"];
    const listening = await startListening([...argv, "--once"], server);
    expect(deleted).toBe(0);
    expect(await deliver(listening.url)).toBe(200);
    const { stderr } = await listening.ended;
    expect(listening.stdout()).toContain("d-1  verified");
    expect(stderr).toContain(`The webhook ${id} sends to it`);
    expect(stderr + listening.stdout()).not.toContain(secret);
    expect(server.received).toMatchObject([
      {
        method: "POST",
        path: "/v1/webhooks",
        body: {
          url: listening.url,
          events: ["dev.fairlead.*"],
          app: "payments",
          payload: "full",
        },
      },
      { method: "DELETE", path: `/v1/webhooks/${id}` },
    ]);
  });

  it("deletes its webhook when it is interrupted, and says which one is left where it cannot", async () => {
    await using server = await startFakeServer(({ body, method }) =>
      method === "DELETE"
        ? { status: 403, body: { title: "Not permitted", code: "FORBIDDEN" } }
        : { status: 201, body: { id, enabled: true, secret, ...(body as object) } },
    );
    const listening = await startListening(["--create", "--events", "*"], server);
    const { exitCode, stderr } = await listening.stop();
    expect(exitCode).toBe(6);
    expect(stderr).toContain(`fairlead webhooks delete ${id} --yes`);
  });

  it("says what to set where the server calls no address of this machine", async () => {
    const message = "must begin with https://";
    const body = {
      title: "The request is not valid",
      code: "INVALID_INPUT",
      detail: `url: ${message}`,
      errors: [{ path: "url", message }],
    };
    await using server = await startFakeServer(() => ({ status: 400, body }));
    const argv = ["webhooks", "listen", "--create", "--events", "*"];
    const { exitCode, stderr } = await runCaptured(argv, server);
    expect(exitCode).toBe(5);
    expect(stderr).toContain("WEBHOOK_ALLOW_PRIVATE=127.0.0.0/8");
  });

  it.each([
    ["a server elsewhere", ["--create", "--events", "*", "--url", "https://config.example"]],
    ["no events", ["--create"]],
    ["events of nothing", ["--events", "*"]],
    ["an app of nothing", ["--app", "payments"]],
    ["two ends", ["--once", "--count", "2"]],
    ["a secret that is a key", ["--secret", "fl_AAAAAAAAAAAAAAAA"]],
    ["a secret for its own webhook", ["--create", "--events", "*", "--secret", secret]],
    ["a success to fail with", ["--fail-with", "200"]],
    ["a port that is none", ["--port", "65536"]],
  ])("refuses %s", async (_, argv) => {
    const { exitCode, stderr } = await runCaptured(["webhooks", "listen", ...argv]);
    expect(exitCode).toBe(2);
    expect(stderr).not.toContain(secret);
  });

  it("says that a port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const { exitCode, stderr } = await runCaptured(["webhooks", "listen", "--port", String(port)]);
    taken.close();
    expect(exitCode).toBe(1);
    expect(stderr).toContain("Cannot listen");
  });
});
