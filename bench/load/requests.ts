/**
 * Requests that are prepared once for each client and then only rewritten in place: all parts that change have a fixed
 * width. That is safe while a client has one request under way, as an answer comes after the whole request has left.
 */
import type { Target, Variant } from "./job.ts";
import { encodePut, frameMessage } from "./protobuf.ts";
import { type Address, appName, environment, etcdKey, keyName, valueText } from "./workload.ts";

export interface PreparedRequest {
  readonly bytes: Buffer;
  /** Rewrites `bytes` to put the value of `sequence` at `address`. */
  readonly aim: (address: Address, sequence: number) => void;
}

const first: Address = { app: 0, key: 0 };

const post = (port: number, path: string, headers: readonly string[], body: string): Buffer => {
  const head = [
    `POST ${path} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    "Content-Type: application/json",
    `Content-Length: ${Buffer.byteLength(body)}`,
    ...headers,
  ];
  return Buffer.from(`${head.join("\r\n")}\r\n\r\n${body}`, "latin1");
};

/** A function that overwrites `part`, which must occur in `bytes` once, with text of the same length. */
function slot(bytes: Buffer, part: string): (text: string) => void {
  const offset = bytes.indexOf(part, 0, "latin1");
  if (offset === -1 || bytes.indexOf(part, offset + 1, "latin1") !== -1) {
    throw new Error(`"${part}" does not occur once in the prepared request`);
  }
  return (text) => {
    if (bytes.write(text, offset, "latin1") !== part.length)
      throw new Error(`"${text}" does not fit`);
  };
}

/** The part of a value that changes, and where it stands in both the plain and the base64 text: 12 bytes, 16 characters. */
const changing = (sequence: number): string => valueText(sequence).slice(0, 12);

function prepareFairlead(port: number, apiKey: string, run: string, variant: Variant) {
  const app = (address: Address) => appName(run, variant, address.app);
  const operation = {
    op: "put",
    kind: "config",
    app: app(first),
    environment,
    key: keyName(first.key),
    value: valueText(0),
  };
  const body = JSON.stringify({ message: "bench", operations: [operation] });
  const bytes = post(port, "/v1/changes", [`Authorization: Bearer ${apiKey}`], body);
  const setApp = slot(bytes, app(first));
  const setKey = slot(bytes, keyName(first.key));
  const setValue = slot(bytes, valueText(0));
  return {
    bytes,
    aim(address: Address, sequence: number) {
      setApp(app(address));
      setKey(keyName(address.key));
      setValue(valueText(sequence));
    },
  };
}

const base64 = (text: string): string => Buffer.from(text, "latin1").toString("base64");

function prepareGateway(port: number, run: string, variant: Variant): PreparedRequest {
  const key = (address: Address) => base64(etcdKey(run, variant, address));
  const body = JSON.stringify({ key: key(first), value: base64(valueText(0)) });
  const bytes = post(port, "/v3/kv/put", [], body);
  const setKey = slot(bytes, key(first));
  const setValue = slot(bytes, `"value":"${base64(changing(0))}`);
  return {
    bytes,
    aim(address, sequence) {
      setKey(key(address));
      setValue(`"value":"${base64(changing(sequence))}`);
    },
  };
}

function prepareGrpc(run: string, variant: Variant): PreparedRequest {
  const key = (address: Address) => etcdKey(run, variant, address);
  const put = encodePut(Buffer.from(key(first)), Buffer.from(valueText(0)));
  const bytes = frameMessage(put);
  const setKey = slot(bytes, key(first));
  const setValue = slot(bytes, valueText(0));
  return {
    bytes,
    aim(address, sequence) {
      setKey(key(address));
      setValue(valueText(sequence));
    },
  };
}

export function prepareRequest(target: Target, run: string, variant: Variant): PreparedRequest {
  if (target.kind === "fixed")
    return { bytes: Buffer.from(target.request, "latin1"), aim: () => {} };
  if (target.kind === "fixed-grpc")
    return { bytes: frameMessage(Buffer.from(target.message, "base64")), aim: () => {} };
  if (target.kind === "etcd-grpc") return prepareGrpc(run, variant);
  if (target.kind === "etcd-gateway") return prepareGateway(target.port, run, variant);
  return prepareFairlead(target.port, target.apiKey, run, variant);
}
