import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerOptions } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { Reply } from "../../test/helpers/http-api.ts";
import { readReply, requestRaw, sendBytes } from "../../test/helpers/raw-request.ts";
import { answerClientErrors } from "./answer-client-errors.ts";

const fields = { "x-frame-options": "DENY" };

let server: Server | undefined;

const start = async (listener: RequestListener, options: ServerOptions = {}): Promise<string> => {
  server = createServer(options, listener);
  answerClientErrors(server, { fields, maxHeaderBytes: 4_096 });
  await once(server.listen(0, "127.0.0.1"), "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

afterEach(async () => {
  if (server === undefined) return;
  server.closeAllConnections();
  await once(server.close(), "close");
});

const hello: RequestListener = (_request, response) => void response.end("hello");

const sayHello = (url: string): Promise<Reply> => requestRaw(url, "GET /");
const served = { status: 200, text: "hello" };

const post = "POST / HTTP/1.1\r\nhost: h\r\ntransfer-encoding: chunked\r\n\r\n";

describe("what Node's parser refuses", () => {
  it.each([
    ["no HTTP", "hello\r\n\r\n", "INVALID_INPUT"],
    ["a TLS handshake", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03", "INVALID_INPUT"],
    ["another version", "GET / HTTP/9.9\r\n\r\n", "INVALID_INPUT"],
    ["U+0000 in the path", "GET /a\x00b HTTP/1.1\r\n\r\n", "INVALID_INPUT"],
    ["bytes past ASCII in the path", "GET /\xc0\xae HTTP/1.1\r\n\r\n", "INVALID_INPUT"],
    ["a line end in a header", "GET / HTTP/1.1\r\nhost: h\r\nx: a\nb\r\n\r\n", "INVALID_INPUT"],
    [
      "two lengths",
      "POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
      "INVALID_INPUT",
    ],
    ["a length of chunks", `${post.slice(0, -2)}content-length: 3\r\n\r\n`, "INVALID_INPUT"],
    ["a chunk without a size", `${post}zz\r\nhello`, "INVALID_INPUT"],
    ["a chunk with endless extensions", `${post}5;${"a".repeat(20_000)}\r\n`, "TOO_LARGE"],
    ["a big header", `GET / HTTP/1.1\r\nx: ${"a".repeat(20_000)}`, "HEADERS_TOO_LARGE"],
    ["a long path", `GET /${"a".repeat(20_000)} HTTP/1.1\r\n\r\n`, "URI_TOO_LONG"],
  ])("is answered once, with a problem: %s", async (_what, bytes, code) => {
    // Never answers what has a body: that is still to come.
    const url = await start(({ method }, response) => {
      if (method === "GET") response.end("hello");
    });
    const reply = readReply(await sendBytes(url, bytes));
    expect(reply.headers.get("content-type")).toBe("application/problem+json");
    expect(reply.headers.get("connection")).toBe("close");
    expect(reply.headers.get("x-frame-options")).toBe("DENY");
    expect(reply.body).toMatchObject({
      type: `/docs/errors/${code}`,
      code,
      status: reply.status,
      requestId: reply.headers.get("x-request-id"),
    });
    expect(await sayHello(url)).toMatchObject(served);
  });

  it("is answered also to a client that reads only when it has sent everything", async () => {
    const url = await start(hello);
    const socket = connect(Number(new URL(url).port), "127.0.0.1").setEncoding("latin1");
    const ended = once(socket, "close");
    const bytes = `GET / HTTP/1.1\r\nx: ${"a".repeat(8_000_000)}\r\n\r\n`;
    const { promise: sent, reject, resolve } = Promise.withResolvers<void>();
    socket.once("error", reject);
    socket.write(bytes, () => resolve());
    await sent;
    let received = "";
    socket.on("data", (text: string) => {
      received += text;
    });
    await ended;
    expect(readReply(received).body).toMatchObject({ code: "HEADERS_TOO_LARGE" });
    expect(await sayHello(url)).toMatchObject(served);
  });

  it("is answered where a request does not arrive in time", async () => {
    const url = await start(hello, { headersTimeout: 20, connectionsCheckingInterval: 10 });
    const reply = readReply(await sendBytes(url, "GET / HTTP/1.1\r\nhost:"));
    expect(reply).toMatchObject({ status: 408, body: { code: "REQUEST_TIMEOUT" } });
    expect(await sayHello(url)).toMatchObject(served);
  });

  it("never stands before or within another answer", async () => {
    const arrived = Promise.withResolvers<() => void>();
    const url = await start((_request, response) => arrived.resolve(() => response.end("hello")));
    const received = sendBytes(url, "GET / HTTP/1.1\r\nhost: h\r\n\r\n\x01 no HTTP\r\n\r\n");
    const finish = await arrived.promise;
    setImmediate(finish);
    expect(await received).toMatch(
      /^HTTP\/1\.1 200 OK\r\n[^{]*\r\n\r\nhelloHTTP\/1\.1 400 .*"code":"INVALID_INPUT"/s,
    );
  });

  it("ends an answer that is being written, and writes nothing into it", async () => {
    const url = await start((_request, response) => void response.write("first"));
    const socket = connect(Number(new URL(url).port), "127.0.0.1").setEncoding("utf8");
    const ended = once(socket, "close");
    let received = "";
    socket.on("data", (text: string) => {
      if (received === "") socket.write("zz\r\n");
      received += text;
    });
    socket.write(post);
    await ended;
    expect(received).toMatch(/^HTTP\/1\.1 200 OK\r\n.*\r\n\r\n5\r\nfirst\r\n$/s);
  });

  it("harms nobody where the client is gone before it is answered", async () => {
    const url = await start(hello);
    const { port } = new URL(url);
    await Promise.all(
      Array.from({ length: 20 }, async () => {
        const socket = connect(Number(port), "127.0.0.1");
        await once(socket, "connect");
        socket.write("no HTTP\r\n\r\n");
        socket.resetAndDestroy();
      }),
    );
    expect(await sayHello(url)).toMatchObject(served);
  });
});
