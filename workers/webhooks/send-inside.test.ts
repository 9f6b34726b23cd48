import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { parseSettings } from "../../src/platform/settings.ts";
import { outboundRules } from "../../src/webhooks/outbound/rules.ts";
import { answerWith, type Listener, startListener } from "../../test/helpers/webhooks/listener.ts";
import { type NameServer, startNameServer } from "../../test/helpers/webhooks/name-server.ts";
import { createNameResolver } from "./resolve-name.ts";
import { createRequestSender, type RequestSender } from "./send-request.ts";

// 127.0.0.2 is listed and stands for the open network; 127.0.0.1, on the same port, is inside.
const outsideAddress = "127.0.0.2";
const insideAddress = "127.0.0.1";
const body = '{"type":"dev.fairlead.change.v1"}';

let outside: Listener;
let canary: Listener;
let redirectTo: string | undefined;
const open: (() => unknown)[] = [];

beforeAll(async () => {
  outside = await startListener(
    (socket) => {
      const headers = `connection: close\r\n${redirectTo === undefined ? "" : `location: ${redirectTo}\r\n`}`;
      answerWith(redirectTo === undefined ? 200 : redirectStatus, "", headers)(socket, "");
      socket.end();
    },
    { host: outsideAddress },
  );
  canary = await startListener(answerWith(200), { host: insideAddress, port: outside.port });
});
afterAll(() => Promise.all([outside.stop(), canary.stop()]));
let redirectStatus = 302;
afterEach(async () => {
  redirectTo = undefined;
  await Promise.all(open.splice(0).map((close) => close()));
});

type Answers = (name: string, type: string, count: number) => readonly string[] | undefined;

/** A sender that asks a name server of the test, whose answers may change from question to question. */
const start = async (
  answers: Answers,
  allowed = `${outsideAddress}/32`,
): Promise<{
  readonly names: NameServer;
  readonly send: (url: string) => ReturnType<RequestSender["send"]>;
}> => {
  const counts = new Map<string, number>();
  const names = await startNameServer((name, type) => {
    const count = counts.get(name + type) ?? 0;
    counts.set(name + type, count + 1);
    return answers(name, type, count);
  });
  const resolver = createNameResolver([names.address]);
  const sender = createRequestSender({
    rules: outboundRules(parseSettings({ WEBHOOK_ALLOW_PRIVATE: allowed })),
    resolve: resolver.resolve,
  });
  open.push(
    () => names.stop(),
    () => sender.close(),
    () => resolver.close(),
  );
  return { names, send: (url) => sender.send({ url, headers: {}, body }) };
};

const urlOf = (host: string): string => `http://${host}:${outside.port}/hook`;

const summaryOf = (outcome: Awaited<ReturnType<RequestSender["send"]>>): string =>
  outcome.ok ? "ok" : outcome.kind;

it("the canary sings where inside is allowed", async () => {
  const inner = await startListener(answerWith(200), { host: insideAddress });
  open.push(() => inner.stop());
  const { send } = await start(() => [insideAddress], `${insideAddress}/32`);
  const outcome = await send(`http://rebind.example:${inner.port}/`);
  expect([summaryOf(outcome), inner.connections()]).toEqual(["ok", 1]);
});

describe("a listener inside is never touched", () => {
  // What is thrown here fails the test that has just run.
  afterEach(() => {
    if (canary.connections() > 0) throw new Error(`The canary was touched: ${canary.received()}`);
  });

  it.each([
    ["outside first, then inside", ["ok", "address"], [[outsideAddress], [insideAddress]]],
    ["inside first, then outside", ["address", "ok"], [[insideAddress], [outsideAddress]]],
  ])("by a name that says %s", async (_, expected, [first = [], second = []]) => {
    const { names, send } = await start((_name, _type, count) =>
      count % 2 === 0 ? first : second,
    );
    const outcomes: string[] = [];
    for (let round = 0; round < 10; round += 1)
      outcomes.push(summaryOf(await send(urlOf("a.example"))));
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => expected).flat());
    // One question for each connection: nothing is asked between the check and the connection.
    expect(names.asked.filter((question) => question === "a.example A")).toHaveLength(10);
  });

  it("by a name that changes between every two questions, while many are sent at once", async () => {
    let questions = 0;
    const { send } = await start(() => {
      questions += 1;
      return [questions % 3 === 0 ? outsideAddress : insideAddress];
    });
    const outcomes = await Promise.all(
      Array.from({ length: 60 }, (_, index) => send(urlOf(`n${index}.example`))),
    );
    const kinds = new Set(outcomes.map(summaryOf));
    expect(kinds).toEqual(new Set(["ok", "address"]));
  });

  it.each([
    ["good before bad", [outsideAddress, insideAddress]],
    ["bad before good", [insideAddress, outsideAddress]],
    ["good, and bad as IPv6", [outsideAddress, "::1"]],
    ["good, and bad as IPv4 in IPv6", [outsideAddress, "::ffff:7f00:1"]],
    ["bad as IPv4 in IPv6 alone", ["::ffff:7f00:1"]],
    ["good, and metadata", [outsideAddress, "169.254.169.254"]],
    ["nothing at all", []],
  ])("by a name with %s", async (_, addresses) => {
    const { send } = await start(() => addresses);
    const outcome = await send(urlOf("mixed.example"));
    expect(outcome).toMatchObject({ ok: false });
    expect(["address", "dns"]).toContain(summaryOf(outcome));
    expect(JSON.stringify(outcome)).not.toMatch(/127\.0|169\.254|7f00/);
  });

  it.each([301, 302, 303, 307, 308, 300, 304])("by a redirect with %i", async (status) => {
    redirectStatus = status;
    redirectTo = `http://${insideAddress}:${outside.port}/stolen`;
    const before = outside.connections();
    const { send } = await start(() => [outsideAddress]);
    expect(await send(urlOf("redirect.example"))).toMatchObject({ kind: "redirect", status });
    expect(outside.connections()).toBe(before + 1);
  });

  it.each([
    "127.0.0.1",
    "127.0.0.1.",
    "2130706433",
    "0x7f000001",
    "0177.0.0.1",
    "127.1",
    "１２７.0.0.1",
    "localhost",
    "localhost.",
    "sub.localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "0.0.0.0",
    "[::]",
    "user@127.0.0.1",
  ])("by a URL with %s", async (host) => {
    const { send } = await start(() => [insideAddress]);
    expect(["url", "address"]).toContain(summaryOf(await send(urlOf(host))));
  });

  it("by what the environment says of proxies", async () => {
    const proxy = `http://${insideAddress}:${outside.port}`;
    const url = `http://${outsideAddress}:${outside.port}/`;
    const script = `
      import { createRequestSender } from "./workers/webhooks/send-request.ts";
      import { parseSettings } from "./src/platform/settings.ts";
      import { outboundRules } from "./src/webhooks/outbound/rules.ts";
      const sender = createRequestSender({ rules: outboundRules(parseSettings(process.env)) });
      const outcome = await sender.send({ url: ${JSON.stringify(url)}, headers: {}, body: "{}" });
      console.log(outcome.status);
      await sender.close();`;
    const names = ["http_proxy", "https_proxy", "all_proxy"];
    const proxies = Object.fromEntries(
      names.flatMap((name) => [name, name.toUpperCase()]).map((name) => [name, proxy]),
    );
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--input-type=module-typescript", "--eval", script],
      {
        env: { ...proxies, NODE_USE_ENV_PROXY: "1", WEBHOOK_ALLOW_PRIVATE: `${outsideAddress}/32` },
      },
    );
    expect(stdout.trim()).toBe("200");
  });
});

it("a name server that does not answer is a failure of that name alone", async () => {
  const { send } = await start((name) => (name === "dead.example" ? undefined : [outsideAddress]));
  const dead = send(urlOf("dead.example"));
  expect(summaryOf(await send(urlOf("alive.example")))).toBe("ok");
  expect(await dead).toMatchObject({ kind: "dns", error: "The name could not be resolved." });
});
