import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { parseSettings } from "../../src/platform/settings.ts";
import { outboundRules } from "../../src/webhooks/outbound/rules.ts";
import { freePort } from "../../test/helpers/free-port.ts";
import {
  type Answer,
  answerWith,
  type Listener,
  startListener,
} from "../../test/helpers/webhooks/listener.ts";
import { createRequestSender, type RequestSender } from "./send-request.ts";

const rules = outboundRules(parseSettings({ WEBHOOK_ALLOW_PRIVATE: "127.0.0.0/8" }));
const open: (() => unknown)[] = [];
afterEach(() => Promise.all(open.splice(0).map((close) => close())));

const listen = async (answer: Answer): Promise<{ url: string; listener: Listener }> => {
  const listener = await startListener(answer);
  open.push(() => listener.stop());
  return { url: `http://127.0.0.1:${listener.port}/hook?a=1`, listener };
};

const senderOf = (totalTimeoutMs?: number): RequestSender => {
  const sender = createRequestSender({
    rules,
    ...(totalTimeoutMs === undefined ? {} : { totalTimeoutMs }),
  });
  open.push(() => sender.close());
  return sender;
};

/** What becomes of a request to a receiver that answers so. */
const sendTo = async (answer: Answer, totalTimeoutMs?: number, headers = {}) => {
  const { listener, url } = await listen(answer);
  const outcome = await senderOf(totalTimeoutMs).send({ url, headers, body: "{}" });
  return { outcome, listener };
};

const head = "HTTP/1.1 200 OK\r\n";

describe("a request", () => {
  it("is a POST of the body as it is, with the headers given and the name as host", async () => {
    const { listener } = await listen(answerWith(200, "thanks"));
    const url = `http://localhost:${listener.port}/hook?a=1`;
    const headers = {
      "content-type": "application/json",
      "webhook-id": "1",
      authorization: "Bearer t",
    };
    const outcome = await senderOf().send({ url, headers, body: '{"a":"ü"}' });
    expect(outcome).toEqual({
      ok: true,
      status: 200,
      excerpt: "thanks",
      durationMs: expect.any(Number),
    });
    const lines = listener.received().split("\r\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "POST /hook?a=1 HTTP/1.1",
        `host: localhost:${listener.port}`,
        "content-type: application/json",
        "webhook-id: 1",
        "authorization: Bearer t",
        "content-length: 10",
      ]),
    );
    expect(Buffer.from(lines.at(-1)!, "latin1").toString()).toBe('{"a":"ü"}');
  });

  it("uses a connection again, never for two at once", async () => {
    const busy = new Set<unknown>();
    let shared = 0;
    const { listener, url } = await listen((socket, request) => {
      if (busy.has(socket)) shared += 1;
      busy.add(socket);
      setImmediate(() => {
        busy.delete(socket);
        answerWith(200, "ok")(socket, request);
      });
    });
    const sender = senderOf();
    const send = () => sender.send({ url, headers: {}, body: "{}" });
    for (let round = 0; round < 20; round += 1) expect(await send()).toMatchObject({ ok: true });
    // A connection rests for a moment after an answer, so that two take turns.
    expect(listener.connections()).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 40 }, send));
    expect(shared).toBe(0);
  });

  it("with a header that cannot be sent fails without a connection", async () => {
    const { listener, outcome } = await sendTo(answerWith(200), undefined, { "x-a": "b\r\nc: d" });
    expect(outcome).toMatchObject({ ok: false, kind: "request" });
    expect(listener.received()).toBe("");
  });

  it.each([
    "ftp://example.org/",
    "https://user:secret@example.org/",
    "http://10.0.0.1/",
    "nothing",
  ])("to %s is not made", async (url) => {
    const outcome = await senderOf().send({ url, headers: {}, body: "{}" });
    expect(outcome).toMatchObject({ ok: false, kind: "url" });
    expect(JSON.stringify(outcome)).not.toContain("secret");
  });
});

describe("the status decides", () => {
  it.each([200, 201, 202, 204, 299])("%i is a success", async (status) => {
    const { outcome } = await sendTo(answerWith(status));
    expect(outcome).toMatchObject({ ok: true, status });
  });

  it.each([400, 401, 404, 410, 429, 500, 503, 599])("%i is a failure", async (status) => {
    const { outcome } = await sendTo(answerWith(status, "no"));
    const error = `The receiver answered ${status}.`;
    expect(outcome).toMatchObject({ ok: false, kind: "status", status, error, excerpt: "no" });
    expect(outcome).not.toHaveProperty("retryAfterMs");
  });

  it("says how long the receiver asks to wait", async () => {
    const { outcome } = await sendTo(answerWith(429, "", "retry-after: 120\r\n"));
    expect(outcome).toMatchObject({ kind: "status", retryAfterMs: 120_000 });
  });

  it.each([
    ["a body that never ends", "content-length: 100\r\n\r\nbegun"],
    ["no end of chunks", "transfer-encoding: chunked\r\n\r\n5\r\nbegun\r\n"],
  ])("even with %s", async (_, rest) => {
    const { outcome } = await sendTo((socket) => socket.write(head + rest), 300);
    expect(outcome).toMatchObject({ ok: true, status: 200, excerpt: "begun" });
  });

  it("even where the connection is reset after it", async () => {
    const { outcome } = await sendTo((socket) => {
      socket.write(`${head}content-length: 100\r\n\r\nbegun`, () => socket.resetAndDestroy());
    });
    expect(outcome).toMatchObject({ ok: true, status: 200 });
  });
});

describe("an answer that is too much", () => {
  it.each([
    ["endless", `${head}transfer-encoding: chunked\r\n\r\n`],
    ["huge", `${head}content-length: 10000000000\r\n\r\n`],
  ])("and %s is cut off by closing the connection", async (_, start) => {
    const closed = Promise.withResolvers<number>();
    let written = 0;
    const chunk = `4000\r\n${"x".repeat(0x4000)}\r\n`;
    const { outcome } = await sendTo((socket) => {
      const more = (): void => {
        if (socket.destroyed) return;
        written += chunk.length;
        socket.write(chunk, more);
      };
      socket.on("close", () => closed.resolve(written));
      socket.write(start, more);
    });
    expect(outcome).toMatchObject({ ok: true, status: 200 });
    expect(outcome.excerpt).toHaveLength(1_024);
    expect(await closed.promise).toBeLessThan(50_000_000);
  });

  it("leaves the next request a connection of its own", async () => {
    const { listener, url } = await listen(answerWith(200, "x".repeat(200_000)));
    const sender = senderOf();
    for (let round = 0; round < 3; round += 1) {
      expect(await sender.send({ url, headers: {}, body: "{}" })).toMatchObject({ ok: true });
    }
    expect(listener.connections()).toBe(3);
  });

  it("as headers is a failure", async () => {
    const one = await sendTo((socket) => socket.write(`${head}a: ${"x".repeat(20_000)}\r\n\r\n`));
    expect(one.outcome).toMatchObject({ kind: "response" });
    const many = await sendTo((socket) => {
      socket.write(head);
      const more = (): void => {
        if (!socket.destroyed) socket.write("x-header: value\r\n".repeat(100), more);
      };
      more();
    });
    expect(many.outcome).toMatchObject({ kind: "response" });
  });

  it.each([102, 103])("as interim answers with %i is a failure", async (status) => {
    const { outcome } = await sendTo((socket) => {
      const more = (): void => {
        if (!socket.destroyed) socket.write(`HTTP/1.1 ${status} Wait\r\n\r\n`, more);
      };
      more();
    });
    expect(outcome).toMatchObject({ ok: false, kind: "response" });
  });

  it("but a few interim answers are no harm", async () => {
    const { outcome } = await sendTo((socket, request) => {
      socket.write("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n".repeat(3));
      answerWith(200, "ok")(socket, request);
    });
    expect(outcome).toMatchObject({ ok: true, status: 200, excerpt: "ok" });
  });

  it.each([100, 101])("as %i without having been asked is a failure", async (status) => {
    const { outcome } = await sendTo((socket) => {
      socket.write(
        `HTTP/1.1 ${status} So\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n`.repeat(50),
      );
    });
    expect(outcome).toMatchObject({ ok: false, kind: "connection" });
  });
});

describe("no answer", () => {
  it.each<[string, Answer]>([
    ["silence", () => {}],
    ["a status line without an end", (socket) => socket.write("HTTP/1.1 200 O")],
    [
      "headers that drip",
      (socket) => {
        socket.write(head);
        const timer = setInterval(() => socket.write("a: b\r\n"), 20);
        socket.on("close", () => clearInterval(timer));
      },
    ],
  ])("within the limit, by %s, is a timeout", async (_, answer) => {
    const { outcome } = await sendTo(answer, 300);
    expect(outcome).toMatchObject({ ok: false, kind: "timeout", excerpt: "" });
    expect(outcome).toMatchObject({ error: "No answer came within 0.3 s." });
  });

  it("in time counts as none, and its late 200 does not reach the next request", async () => {
    const closed = Promise.withResolvers<void>();
    let count = 0;
    const { url } = await listen((socket, request) => {
      count += 1;
      if (count > 1) return answerWith(500, "second")(socket, request);
      socket.on("close", () => closed.resolve());
      setTimeout(() => answerWith(200, "late")(socket, request), 600);
    });
    const sender = senderOf(300);
    expect(await sender.send({ url, headers: {}, body: "{}" })).toMatchObject({ kind: "timeout" });
    await closed.promise;
    const second = await sender.send({ url, headers: {}, body: "{}" });
    expect(second).toMatchObject({ status: 500, excerpt: "second" });
  });

  it.each<[string, Answer, string]>([
    ["a closed connection", (socket) => socket.end(), "connection"],
    ["a reset", (socket) => socket.resetAndDestroy(), "connection"],
    [
      "a reset within the headers",
      (socket) => socket.write(`${head}a: b`, () => socket.resetAndDestroy()),
      "connection",
    ],
    ["another protocol", (socket) => socket.write("SSH-2.0-OpenSSH_9.2\r\n"), "response"],
    ["HTTP/2", (socket) => socket.write("\0\0\u0012\u0004\0\0\0\0\0"), "response"],
    [
      "two lengths",
      (socket) => socket.write(`${head}content-length: 1\r\ncontent-length: 2\r\n\r\nab`),
      "response",
    ],
  ])("but %s is a failure of its kind", async (_, answer, kind) => {
    const { outcome } = await sendTo(answer);
    expect(outcome).toMatchObject({ ok: false, kind });
    expect(outcome).not.toHaveProperty("status");
  });

  it("where nobody listens", async () => {
    const url = `http://127.0.0.1:${await freePort()}/`;
    const outcome = await senderOf().send({ url, headers: {}, body: "{}" });
    expect(outcome).toMatchObject({ kind: "connection", error: "The connection was refused." });
  });
});

describe("a request that is given up", () => {
  it("by its signal ends at once, and so does its connection", async () => {
    const arrived = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    const { url } = await listen((socket) => {
      socket.on("close", () => closed.resolve());
      arrived.resolve();
    });
    const controller = new AbortController();
    const sending = senderOf().send({ url, headers: {}, body: "{}", signal: controller.signal });
    await arrived.promise;
    controller.abort();
    expect(await sending).toMatchObject({ ok: false, kind: "aborted" });
    await closed.promise;
  });

  it("before it began, or before it has a connection, is never sent", async () => {
    const { listener } = await listen(answerWith(200));
    const url = `http://receiver.example:${listener.port}/`;
    const { promise: addresses, resolve: answer } = Promise.withResolvers<string[]>();
    const sender = createRequestSender({ rules, resolve: () => addresses });
    open.push(() => sender.close());
    const send = (body: string, signal?: AbortSignal) =>
      sender.send({ url, headers: {}, body, ...(signal === undefined ? {} : { signal }) });

    expect(await send("before", AbortSignal.abort())).toMatchObject({ kind: "aborted" });
    const controller = new AbortController();
    const waiting = send("waiting", controller.signal);
    controller.abort();
    expect(await waiting).toMatchObject({ kind: "aborted" });
    answer(["127.0.0.1"]);
    for (let round = 0; round < 3; round += 1) await send("after");
    expect(listener.received()).not.toMatch(/before|waiting/);
  });

  it("with the sender is told so, on its way or while its name is looked up", async () => {
    const arrived = Promise.withResolvers<void>();
    const { url } = await listen(() => arrived.resolve());
    const sender = createRequestSender({ rules, resolve: () => new Promise(() => {}) });
    const sent = [url, "https://receiver.example/"].map((target) =>
      sender.send({ url: target, headers: {}, body: "{}" }),
    );
    await arrived.promise;
    await sender.close();
    for (const outcome of await Promise.all(sent)) {
      expect(outcome).toMatchObject({ ok: false, kind: "aborted" });
    }
    expect(await sender.send({ url, headers: {}, body: "{}" })).toMatchObject({ kind: "aborted" });
  });

  it("with the sender leaves no connection behind that is being made", async () => {
    const arrived = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    // It takes the connection, and never speaks TLS.
    const server = createServer((socket) => {
      socket.on("error", () => {}).on("close", () => closed.resolve());
      arrived.resolve();
    }).listen(0, "127.0.0.1");
    open.push(() => server.close());
    await once(server, "listening");
    const sender = senderOf(3_600_000);
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const sending = sender.send({ url, headers: {}, body: "{}" });
    await arrived.promise;
    await sender.close();
    expect(await sending).toMatchObject({ kind: "aborted" });
    await closed.promise;
  });
});

it("what we sent as credentials is not in the excerpt", async () => {
  const headers = {
    authorization: "Bearer abcdef0123456789",
    "webhook-signature": "v1,AAAABBBBCCCCDDDDEEEE= v1,FFFFGGGGHHHHIIII=",
    "content-type": "application/json",
  };
  const { outcome } = await sendTo(
    (socket, request) => answerWith(400, request)(socket, request),
    undefined,
    headers,
  );
  expect(outcome.excerpt).toContain("content-type: application/json\\u{d}\\u{a}");
  expect(outcome.excerpt).not.toMatch(/abcdef|AAAABBBB|FFFFGGGG/);
});
