import { once } from "node:events";
import { type AddressInfo, createServer, isIP } from "node:net";
import { getCACertificates, setDefaultCACertificates, TLSSocket } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../src/platform/settings.ts";
import { outboundRules } from "../../src/webhooks/outbound/rules.ts";
import { createCertificate } from "../../test/helpers/webhooks/certificates.ts";
import { type Answer, answerWith, startListener } from "../../test/helpers/webhooks/listener.ts";
import { createRequestSender, type RequestSender } from "./send-request.ts";

const rules = outboundRules(parseSettings({ WEBHOOK_ALLOW_PRIVATE: "127.0.0.0/8" }));
const trusted = createCertificate({ names: ["receiver.example", "127.0.0.1"] });
const expired = createCertificate({
  names: ["receiver.example"],
  validUntil: new Date(Date.now() - 86_400_000),
});
const selfSigned = createCertificate({ names: ["receiver.example"] });

const authorities = getCACertificates("default");
const open: (() => unknown)[] = [];

/** One for which every name leads to this machine. */
const senderOf = (totalTimeoutMs = 15_000): RequestSender => {
  const sender = createRequestSender({
    rules,
    resolve: async () => ["127.0.0.1"],
    totalTimeoutMs,
  });
  open.push(() => sender.close());
  return sender;
};

beforeAll(() => setDefaultCACertificates([...authorities, trusted.cert, expired.cert]));
afterAll(() => setDefaultCACertificates(authorities));
afterEach(() => Promise.all(open.splice(0).map((close) => close())));

/** What becomes of two requests to a receiver with this certificate, called by this name. */
const sendTo = async (tls: { cert: string; key: string }, host: string) => {
  const at = isIP(host) === 0 ? "127.0.0.1" : host;
  const answer: Answer = (socket, request) => {
    const name = socket instanceof TLSSocket ? socket.servername : undefined;
    answerWith(200, `asked for ${name || "no name"}`)(socket, request);
  };
  const listener = await startListener(answer, { host: at, tls });
  open.push(() => listener.stop());
  const sender = senderOf();
  const url = `https://${host}:${listener.port}/hook`;
  const send = () => sender.send({ url, headers: {}, body: "{}" });
  return { outcome: await send(), again: await send(), listener };
};

describe("over TLS", () => {
  it("the certificate must be for the name, though the connection goes to an address", async () => {
    const { listener, outcome } = await sendTo(trusted, "receiver.example");
    expect(outcome).toMatchObject({ ok: true, status: 200, excerpt: "asked for receiver.example" });
    expect(listener.received()).toContain(`host: receiver.example:${listener.port}\r\n`);
  });

  it("the certificate must be for the address where the URL has one", async () => {
    expect((await sendTo(trusted, "127.0.0.1")).outcome).toMatchObject({ ok: true });
    expect((await sendTo(trusted, "127.0.0.2")).outcome).toMatchObject({ kind: "tls" });
  });

  it.each([
    ["another name", trusted, "other.example", "The certificate is for another name."],
    ["no authority behind it", selfSigned, "receiver.example", "The certificate is self-signed."],
    ["a time that is over", expired, "receiver.example", "The certificate has expired."],
  ])("a certificate with %s fails, and nothing is sent", async (_, certificate, host, error) => {
    const { again, listener, outcome } = await sendTo(certificate, host);
    expect(outcome).toMatchObject({ ok: false, kind: "tls", error });
    expect(again).toMatchObject({ ok: false, kind: "tls", error });
    expect(listener.received()).toBe("");
  });

  it("a receiver that waits for a request in the clear does not get it", async () => {
    const listener = await startListener(answerWith(200));
    open.push(() => listener.stop());
    const url = `https://receiver.example:${listener.port}/`;
    const outcome = await senderOf(300).send({ url, headers: {}, body: "secret body" });
    expect(outcome).toMatchObject({ ok: false, kind: "timeout" });
    expect(listener.connections()).toBe(1);
    expect(listener.received()).not.toContain("secret body");
  });

  it("a receiver that speaks in the clear is told as such", async () => {
    const server = createServer((socket) => {
      socket.on("error", () => {});
      socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
    }).listen(0, "127.0.0.1");
    open.push(() => server.close());
    await once(server, "listening");
    const url = `https://receiver.example:${(server.address() as AddressInfo).port}/`;
    expect(await senderOf().send({ url, headers: {}, body: "{}" })).toMatchObject({
      kind: "tls",
      error: expect.stringContaining("TLS could not be agreed on"),
    });
  });
});
