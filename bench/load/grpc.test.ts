import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Stream } from "node:http2";
import { afterEach, expect, test } from "vitest";
import { sendRequest } from "./connection.ts";
import { connectGrpc } from "./grpc.ts";
import { frameMessage } from "./protobuf.ts";

const servers: Http2Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

/** A gRPC server on Node's own HTTP/2: answers every call with `respond`, once the request is whole. */
async function serve(
  respond: (stream: ServerHttp2Stream, message: Buffer, method: string) => void,
  initialWindowSize = 65_535,
): Promise<number> {
  const server = createServer({ settings: { initialWindowSize } });
  server.on("stream", (stream, headers) => {
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => respond(stream, Buffer.concat(chunks), String(headers[":path"])));
  });
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

function succeed(stream: ServerHttp2Stream): void {
  stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(frameMessage(Buffer.from("done")));
}

const large = frameMessage(Buffer.alloc(300_000, "0123456789"));

test.each([1_000, 65_535, 1_000_000])(
  "a message larger than a window of %i arrives whole",
  async (initialWindowSize) => {
    const received: Buffer[] = [];
    const port = await serve((stream, message) => {
      received.push(message);
      succeed(stream);
    }, initialWindowSize);
    const connection = await connectGrpc(port, "/service/Method");
    await sendRequest(connection, large);
    connection.close();
    expect(received).toEqual([large]);
  },
);

test("calls that overlap on one connection each get their own answer", async () => {
  const held: ServerHttp2Stream[] = [];
  const port = await serve((stream, message, method) => {
    expect(method).toBe("/service/Method");
    if (message.includes("bad")) {
      stream.respond(
        { "content-type": "application/grpc", "grpc-status": "13" },
        { endStream: true },
      );
      return;
    }
    held.push(stream);
    if (held.length === 3) held.toReversed().forEach(succeed);
  });
  const connection = await connectGrpc(port, "/service/Method");
  const outcomes = await Promise.allSettled(
    ["one", "bad", "two", "three"].map((text) =>
      sendRequest(connection, frameMessage(Buffer.from(text))),
    ),
  );
  connection.close();
  expect(outcomes.map((outcome) => outcome.status)).toEqual([
    "fulfilled",
    "rejected",
    "fulfilled",
    "fulfilled",
  ]);
});

test("fails what is under way when the server goes away", async () => {
  const port = await serve((stream) => stream.session?.destroy());
  const connection = await connectGrpc(port, "/service/Method");
  await expect(sendRequest(connection, large)).rejects.toThrow(/closed the connection|going away/);
});
