import { join } from "node:path";
import type { Bench } from "../bench.ts";
import type { Target } from "../load/job.ts";
import { encodeRange } from "../load/protobuf.ts";
import { freePorts, startChild, untilReady } from "../peers/child.ts";
import { denoFlags, denoProgram } from "../peers/deno.ts";
import type { Fairlead, PutOperation } from "../peers/fairlead.ts";
import type { Contender } from "./reads-table.ts";

const environment = "production";
const etcdKey = "/config/bench/production/setting";
const [nodeServer, denoApp] = ["hono-server.ts", "hono-constant.ts"].map((name) =>
  join(import.meta.dirname, "../peers", name),
);

interface Started {
  readonly contenders: readonly Contender[];
  readonly versions: Readonly<Record<string, string>>;
}

/** Everything that reads are sent to, with about 1 KB to answer each. */
export async function startContenders(bench: Bench): Promise<Started> {
  const onNode = await bench.startFairlead();
  await onNode.putAll(seeded());
  const { apiKey, databaseUrl, postgresVersion } = onNode;
  const deno = { id: "deno", runtime: "deno", apiKey, databaseUrl } as const;
  const onDeno = await bench.startFairlead(deno);
  const etcd = await bench.startEtcd();
  await etcd.putAll([{ key: etcdKey, value: "x".repeat(1_000) }], 1);
  const unleash = await bench.startUnleash(databaseUrl);
  const contenders = [
    ...constants("Node", await startConstant(bench, "Node")),
    ...constants("Deno", await startConstant(bench, "Deno")),
    ...(await fairleadReads("Node", onNode)),
    ...(await fairleadReads("Deno", onDeno)),
    ...(await etcdReads(etcd.port)),
    ...(await unleashReads(unleash.port, unleash.token)),
  ];
  const peers = { etcd: etcd.version, Unleash: unleash.version };
  return { contenders, versions: { PostgreSQL: postgresVersion, ...peers } };
}

type Runtime = "Node" | "Deno" | "workerd";

/** A document of ten keys, and another one of a single key. */
export const seeded = (): PutOperation[] => [
  ...Array.from({ length: 10 }, (_, index) => ({
    app: "bench",
    environment,
    key: `setting.${index}`,
    value: "x".repeat(80),
  })),
  { app: "bench-key", environment, key: "setting", value: "x".repeat(900) },
];

export const constants = (runtime: Runtime, port: number): Contender[] => {
  const names = [`Hono on ${runtime}, constant 200`, `Hono on ${runtime}, constant 304`] as const;
  return [
    { name: names[0], target: fixed(port, 200, get("/constant", port)), beside: {} },
    { name: names[1], target: fixed(port, 304, get("/unchanged", port)), beside: {} },
  ];
};

export async function fairleadReads(
  runtime: Runtime,
  { apiKey, port }: Pick<Fairlead, "apiKey" | "port">,
): Promise<Contender[]> {
  const found: Contender[] = [];
  const key = `Authorization: Bearer ${apiKey}`;
  for (const [what, path] of [
    ["key", `/v1/config/setting?app=bench-key&environment=${environment}`],
    ["document", `/v1/config?app=bench&environment=${environment}`],
  ] as const) {
    const tag = await tagOf(port, path, `Bearer ${apiKey}`);
    const name = `Fairlead on ${runtime}, ${what}`;
    const constant = `Hono on ${runtime}, constant`;
    found.push(
      {
        name: `${name} 200`,
        target: fixed(port, 200, get(path, port, [key])),
        beside: {
          constant: `${constant} 200`,
          "etcd, gRPC": "etcd range, gRPC",
          "etcd, gateway": "etcd range, HTTP gateway",
          Unleash: "Unleash client features 200",
        },
      },
      {
        name: `${name} 304`,
        target: fixed(port, 304, get(path, port, [key, `If-None-Match: ${tag}`])),
        beside: { constant: `${constant} 304`, Unleash: "Unleash client features 304" },
      },
    );
  }
  return found;
}

async function etcdReads(port: number): Promise<Contender[]> {
  const key = Buffer.from(etcdKey);
  const body = JSON.stringify({ key: key.toString("base64") });
  const response = await fetch(`http://127.0.0.1:${port}/v3/kv/range`, { method: "POST", body });
  const length = (await response.text()).length;
  // Without the key it would answer too, and with less work.
  if (length < 1_000) throw new Error(`etcd answered ${length} bytes`);
  const method = "/etcdserverpb.KV/Range";
  const message = encodeRange(key).toString("base64");
  const head = ["POST /v3/kv/range HTTP/1.1", `Host: 127.0.0.1:${port}`];
  const lines = [...head, "Content-Type: application/json", `Content-Length: ${body.length}`];
  const request = `${lines.join("\r\n")}\r\n\r\n${body}`;
  return [
    { name: "etcd range, gRPC", target: { kind: "fixed-grpc", port, method, message }, beside: {} },
    { name: "etcd range, HTTP gateway", target: fixed(port, 200, request), beside: {} },
  ];
}

async function unleashReads(port: number, token: string): Promise<Contender[]> {
  const path = "/api/client/features";
  const key = `Authorization: ${token}`;
  const condition = `If-None-Match: ${await tagOf(port, path, token)}`;
  const name = "Unleash client features";
  return [
    { name: `${name} 200`, target: fixed(port, 200, get(path, port, [key])), beside: {} },
    {
      name: `${name} 304`,
      target: fixed(port, 304, get(path, port, [key, condition])),
      beside: {},
    },
  ];
}

/** The entity tag of an answer that is what was meant. */
async function tagOf(port: number, path: string, authorization: string): Promise<string> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization } });
  const { length } = await response.text();
  const tag = response.headers.get("etag");
  if (!response.ok || tag === null || length < 900 || length > 1_300) {
    throw new Error(`${path} answered ${response.status} with ${length} bytes, tag ${tag}`);
  }
  return tag;
}

const fixed = (port: number, status: number, request: string): Target => ({
  kind: "fixed",
  port,
  request,
  status,
});

const get = (path: string, port: number, headers: readonly string[] = []): string =>
  `${[`GET ${path} HTTP/1.1`, `Host: 127.0.0.1:${port}`, ...headers].join("\r\n")}\r\n\r\n`;

async function startConstant(bench: Bench, runtime: Runtime): Promise<number> {
  const { directory, onClose, options } = bench;
  const [port = 0] = await freePorts(1);
  const address = ["--host", "127.0.0.1", "--port", String(port)];
  const server = startChild({
    command:
      runtime === "Node"
        ? [process.execPath, nodeServer ?? "", String(port)]
        : [denoProgram, "serve", ...denoFlags, ...address, denoApp ?? ""],
    log: join(directory, `hono-${runtime}.log`),
    cores: options.cores?.servers,
  });
  onClose(server.stop);
  await untilReady(server, `the constant server on ${runtime}`, async () => {
    return (await fetch(`http://127.0.0.1:${port}/constant`)).ok;
  });
  return port;
}
