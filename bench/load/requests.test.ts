import { expect, test } from "vitest";
import { encodePut, encodeRange, encodeTxn } from "./protobuf.ts";
import { prepareRequest } from "./requests.ts";
import {
  type Address,
  addressesToSeed,
  addressToCreate,
  addressToUpdate,
  etcdKey,
  valueText,
} from "./workload.ts";

/** The fields of a protobuf message that has only length-delimited ones. */
function decode(message: Buffer): [number, Buffer][] {
  const fields: [number, Buffer][] = [];
  for (let offset = 0; offset < message.length; ) {
    const number = message.readUInt8(offset++) >> 3;
    let length = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message.readUInt8(offset++);
      length |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    fields.push([number, message.subarray(offset, offset + length)]);
    offset += length;
  }
  return fields;
}

const bodyOf = (bytes: Buffer): unknown => {
  const [head = "", body = ""] = bytes.toString("latin1").split("\r\n\r\n");
  expect(head).toContain(`Content-Length: ${body.length}`);
  return JSON.parse(body);
};

const aims = [
  [{ app: 0, key: 0 }, 0],
  [{ app: 123_456, key: 9_999 }, 999_999_999_999],
  [{ app: 7, key: 42 }, 1_234],
] as const;

test("a request to Fairlead says what it was aimed at", () => {
  const target = { kind: "fairlead", port: 8787, apiKey: "secret" } as const;
  const request = prepareRequest(target, "run", "update");
  for (const [address, sequence] of aims) {
    request.aim(address, sequence);
    expect(request.bytes.toString()).toContain("\r\nAuthorization: Bearer secret\r\n");
    expect(bodyOf(request.bytes)).toMatchObject({
      operations: [
        {
          app: `update-run-${String(address.app).padStart(6, "0")}`,
          key: `service.setting.${String(address.key).padStart(4, "0")}`,
          value: valueText(sequence),
        },
      ],
    });
  }
});

test("both requests to etcd put the same key and value", () => {
  const gateway = prepareRequest({ kind: "etcd-gateway", port: 2379 }, "run", "create");
  const grpc = prepareRequest(
    { kind: "etcd-grpc", port: 2379, connections: "one" },
    "run",
    "create",
  );
  for (const [address, sequence] of aims) {
    const [key, value] = [etcdKey("run", "create", address), valueText(sequence)];
    gateway.aim(address, sequence);
    expect(bodyOf(gateway.bytes)).toEqual({
      key: Buffer.from(key).toString("base64"),
      value: Buffer.from(value).toString("base64"),
    });
    grpc.aim(address, sequence);
    expect(grpc.bytes.readUInt32BE(1)).toBe(grpc.bytes.length - 5);
    expect(decode(grpc.bytes.subarray(5)).map(([number, text]) => [number, String(text)])).toEqual([
      [1, key],
      [2, value],
    ]);
  }
});

test("a transaction holds its puts as success operations", () => {
  const puts = ["a", "b"].map((key) => encodePut(Buffer.from(key), Buffer.alloc(200)));
  const operations = decode(encodeTxn(puts));
  expect(operations.map(([number]) => number)).toEqual([2, 2]);
  expect(operations.map(([, operation]) => decode(operation))).toEqual(
    puts.map((put) => [[2, put]]),
  );
});

test("a fixed call asks for its key, whatever it is aimed at", () => {
  const message = encodeRange(Buffer.from("/config/key")).toString("base64");
  const method = "/etcdserverpb.KV/Range";
  const request = prepareRequest(
    { kind: "fixed-grpc", port: 2379, method, message },
    "run",
    "update",
  );
  request.aim({ app: 1, key: 1 }, 1);
  expect(request.bytes.readUInt32BE(1)).toBe(request.bytes.length - 5);
  expect(decode(request.bytes.subarray(5)).map(([number, text]) => [number, String(text)])).toEqual(
    [[1, "/config/key"]],
  );
});

test("what does not fit its place is refused, not sent", () => {
  const request = prepareRequest({ kind: "etcd-gateway", port: 2379 }, "run", "update");
  expect(() => request.aim({ app: 10_000_000, key: 0 }, 0)).toThrow("does not fit");
});

const name = ({ app, key }: Address) => `${app}/${key}`;

test.each([1, 8, 32, 40])("%i clients update only seeded keys, each its own", (clients) => {
  const seeded = new Set(addressesToSeed(clients).flat().map(name));
  const owners = new Map<string, number>();
  for (let client = 0; client < clients; client++) {
    for (let request = 0; request < 600; request++) {
      const address = name(addressToUpdate(client, request));
      if (!seeded.has(address)) throw new Error(`${address} is not seeded`);
      const owner = owners.get(address) ?? client;
      if (owner !== client) throw new Error(`${address} belongs to ${owner} and ${client}`);
      owners.set(address, client);
    }
  }
  expect(owners.size).toBe(clients * 250);
});

test("a created key never comes twice, and an app gets 1,000", () => {
  const addresses = Array.from({ length: 3_000 }, (_, count) => addressToCreate(count));
  expect(new Set(addresses.map(({ app, key }) => `${app}/${key}`)).size).toBe(3_000);
  expect(new Set(addresses.map(({ app }) => app)).size).toBe(3);
});
