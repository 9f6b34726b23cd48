import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createServer as createTcpServer, type Server } from "node:net";
import { array, assert, property, uint8Array } from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { sendRequest } from "./connection.ts";
import { connectHttp1, parseResponse } from "./http1.ts";

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

const serve = (listener: RequestListener) => listen(createServer(listener));

const request = Buffer.from("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");

describe("parseResponse", () => {
  test.each([
    ["a length", "HTTP/1.1 201 Created\r\nContent-Length: 5\r\n\r\nhello"],
    [
      "chunks",
      "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n",
    ],
  ])("is complete with the last byte of %s, and not before", (_, text) => {
    const whole = Buffer.from(text);
    for (let length = 0; length < whole.length; length++) {
      expect(parseResponse(whole.subarray(0, length))).toBeUndefined();
    }
    const parsed = parseResponse(Buffer.concat([whole, Buffer.from("HTTP/1.1 ")]));
    expect(parsed).toMatchObject({ status: 201, end: whole.length });
    expect(parsed?.body.toString()).toBe("hello");
  });

  test("gives a chunked body back whole, however it was cut", () => {
    assert(
      property(array(uint8Array({ minLength: 1, maxLength: 40 })), (chunks) => {
        const encoded = chunks.flatMap((chunk) => [
          Buffer.from(`${chunk.length.toString(16)}\r\n`),
          Buffer.from(chunk),
          Buffer.from("\r\n"),
        ]);
        const head = Buffer.from("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n");
        const parsed = parseResponse(Buffer.concat([head, ...encoded, Buffer.from("0\r\n\r\n")]));
        expect(parsed?.body).toEqual(Buffer.concat(chunks));
      }),
    );
  });

  test("refuses what it cannot find the end of", () => {
    expect(() => parseResponse(Buffer.from("HTTP/1.1 200 OK\r\n\r\n"))).toThrow("Content-Length");
    expect(() => parseResponse(Buffer.from("HTTP/1.0 200 OK\r\n\r\n"))).toThrow("not an HTTP/1.1");
  });
});

describe("a connection", () => {
  test("carries one request after another", async () => {
    let connections = 0;
    const port = await serve((_, res) => res.writeHead(201).end("{}"));
    servers[0]?.on("connection", () => (connections += 1));
    const connection = await connectHttp1(port, 201);
    for (let count = 0; count < 20; count++) await sendRequest(connection, request);
    connection.close();
    expect(connections).toBe(1);
  });

  test("fails on any other status, with the body in the message", async () => {
    const port = await serve((_, res) => res.writeHead(200).end("nothing changed"));
    const connection = await connectHttp1(port, 201);
    await expect(sendRequest(connection, request)).rejects.toThrow("status 200: nothing changed");
    connection.close();
  });

  test("fails when the server goes away before it has answered", async () => {
    const port = await listen(createTcpServer((socket) => socket.once("data", () => socket.end())));
    const connection = await connectHttp1(port, 201);
    await expect(sendRequest(connection, request)).rejects.toThrow("closed the connection");
  });
});
