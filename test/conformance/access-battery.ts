import { describe, expect, it } from "vitest";
import { generateKey } from "../../src/access/store/key-text.ts";
import type { Api, ApiRequest, Reply } from "../helpers/http-api.ts";
import {
  type DocumentedOperation,
  everyRequest,
  pathOf,
  plainRequest,
  type RequestNames,
  readOperations,
} from "./documented-requests.ts";
import { createKey, createRole } from "./limited-keys.ts";
import type { Area } from "./suite.ts";
import { commit, currentRevision, put, unique } from "./vocabulary.ts";

/** The only paths that ask for no key. */
const publicPaths = ["/livez", "/readyz", "/openapi.json", "/docs", "/docs/errors"];
const publicTemplate = "/docs/errors/{code}";

/** For requests that are refused before anybody looks at what they name. */
const anyNames: RequestNames = {
  app: "payments",
  environment: "production",
  key: "db.pool.size",
  entryId: "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11",
  keyId: "7Hd2kQ9xLmN4pR8s",
  webhookId: "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11",
  deliveryId: "5f0c1a2b-3c4d-4e5f-8a6b-7c8d9e0f1a2b",
  role: "releaser",
  revision: 1,
};

const oddNames: RequestNames = {
  app: "%00",
  environment: "no%2Fsuch",
  key: "%2e%2e%2f%ff",
  entryId: "%7B%7D",
  keyId: "%20",
  webhookId: "%2f",
  deliveryId: "%00",
  role: "%C3%84",
  revision: Number.NaN,
};

/** Bodies that no route takes, with their media type. */
const malformedBodies = [
  ["application/json", ""],
  ["application/json", "{"],
  ["application/json", "[]"],
  ["application/json", '"text"'],
  ["application/json", "null"],
  ["application/json", '{"a":1,"a":2}'],
  ["application/json", '{"__proto__":{"a":1}}'],
  ["text/plain", "{}"],
] as const;

const malformed = (request: ApiRequest): ApiRequest[] =>
  malformedBodies.map(([type, body]) => ({
    ...request,
    headers: { ...request.headers, "content-type": type },
    body,
  }));

const summarise = ({ body, status }: Reply): string =>
  `${status} ${(body as { code?: string }).code ?? ""}`;

const describeRequest = ({ body, method, path }: ApiRequest): string =>
  `${method} ${path} ${typeof body === "string" ? body.slice(0, 100) : ""}`.trim();

export const accessBattery: Area = (api, server) => {
  /** Sends every request, a route's at one time, and lists what is wrong with the answers. */
  const faultsOf = async (
    requestsOf: (operation: DocumentedOperation) => readonly ApiRequest[],
    faultOf: (reply: Reply, request: ApiRequest) => string | undefined,
  ): Promise<{ readonly sent: number; readonly faults: readonly string[] }> => {
    const faults: string[] = [];
    let sent = 0;
    for (const operation of await readOperations(api)) {
      const requests = requestsOf(operation);
      sent += requests.length;
      const replies = await Promise.all(requests.map((request) => api.send(request)));
      for (const [index, reply] of replies.entries()) {
        const request = requests[index]!;
        const fault = faultOf(reply, request);
        if (fault !== undefined) faults.push(`${describeRequest(request)} → ${fault}`);
      }
    }
    return { sent, faults };
  };

  const unlessIs =
    (expected: string) =>
    (reply: Reply): string | undefined =>
      summarise(reply) === expected ? undefined : summarise(reply);

  /** The same request well formed and in every wrong way: names, parameters, body, media type. */
  const inEveryShape = (
    operation: DocumentedOperation,
    headers: Readonly<Record<string, string>> = {},
  ): ApiRequest[] => {
    const plain = plainRequest(operation, anyNames, headers);
    return [
      plain,
      { ...plain, path: `${pathOf(operation.template, oddNames)}?no-such-parameter=&app=%00` },
      ...(operation.example === undefined ? [] : malformed(plain).slice(-2)),
    ];
  };

  describe("every documented route", () => {
    it("says which permission it needs, but for those that are open to all", async () => {
      const operations = await readOperations(api);
      expect(operations.length).toBeGreaterThan(30);
      const { body } = await api.get<{ actions: string[] }>("/v1/whoami");
      const known = new Set<unknown>([...body.actions, "any-key"]);
      const isPublic = new Set([...publicPaths, publicTemplate]);
      const silent = operations.filter(
        ({ permission, template }) => !known.has(permission) && !isPublic.has(template),
      );
      expect(silent.map(({ name }) => name)).toEqual([]);
    });

    it("asks for a key, but for those that are open to all", async () => {
      const garbled = { authorization: "Bearer nobody" };
      for (const path of [...publicPaths, publicTemplate.replace("{code}", "GONE")]) {
        for (const headers of [{}, garbled]) {
          expect(await api.send({ method: "GET", path, headers })).toHaveStatus(200);
        }
      }
      const { faults, sent } = await faultsOf(
        (operation) => inEveryShape(operation),
        unlessIs("401 UNAUTHENTICATED"),
      );
      expect(faults).toEqual([]);
      expect(sent).toBeGreaterThan(80);
    });

    it("refuses a key that is none, without a word on why", async () => {
      const { text } = generateKey();
      const last = text.endsWith("0") ? "1" : "0";
      const wrong = {
        garbage: "not-the-administrator",
        "wrong checksum": text.slice(0, -1) + last,
        unknown: text,
      };
      const answers = new Set<string>();
      const { faults } = await faultsOf(
        (operation) =>
          Object.values(wrong).map((key, index) => {
            const asToken = { authorization: `Bearer ${key}` };
            return plainRequest(operation, anyNames, index % 2 ? asToken : { "x-api-key": key });
          }),
        (reply) => {
          const { requestId: _, ...problem } = reply.body as Record<string, unknown>;
          answers.add(JSON.stringify([problem, reply.headers.get("www-authenticate")]));
          return unlessIs("401 UNAUTHENTICATED")(reply);
        },
      );
      expect(faults).toEqual([]);
      expect([...answers]).toHaveLength(1);
    });

    it("is 403 with a key that may do everything else, whatever else is wrong", async () => {
      const { body } = await api.get<{ actions: string[] }>("/v1/whoami");
      const needed = new Set((await readOperations(api)).map(({ permission }) => permission));
      needed.delete("any-key");
      expect(needed.size).toBeGreaterThan(5);
      const keys = new Map<unknown, string>();
      for (const action of needed) {
        const others = body.actions.filter(
          // A role cannot write what it cannot read.
          (other) => other !== action && (action !== "entries.read" || other !== "entries.write"),
        );
        const grants = [{ role: await createRole(api, others) }];
        keys.set(action, (await createKey(api, grants)).key);
      }
      const { faults, sent } = await faultsOf((operation) => {
        const key = keys.get(operation.permission);
        return key === undefined ? [] : inEveryShape(operation, { "x-api-key": key });
      }, unlessIs("403 FORBIDDEN"));
      expect(faults).toEqual([]);
      expect(sent).toBeGreaterThan(80);
    });

    it("is 403 with a key to which everything is denied", async () => {
      const { key } = await createKey(api, [{ role: "admin" }, { role: "admin", effect: "deny" }]);
      const { faults } = await faultsOf(
        (operation) =>
          operation.permission === "any-key"
            ? []
            : [plainRequest(operation, anyNames, { "x-api-key": key })],
        unlessIs("403 FORBIDDEN"),
      );
      expect(faults).toEqual([]);
    });

    it("refuses a malformed body, and commits nothing of it", async () => {
      const before = await currentRevision(api);
      const headers = { "x-api-key": server().adminKey };
      const { faults, sent } = await faultsOf(
        (operation) =>
          operation.example === undefined
            ? []
            : malformed(plainRequest(operation, anyNames, headers)),
        (reply) => ([400, 415, 422].includes(reply.status) ? undefined : summarise(reply)),
      );
      expect(faults).toEqual([]);
      expect(sent).toBeGreaterThan(80);
      expect(await currentRevision(api)).toBe(before);
    });
  });

  describe("a key of another app", () => {
    it("learns nothing and changes nothing, on no route", async () => {
      const app = unique("other");
      await commit(api, [put({ app, key: "own", value: "own" })]);
      const { names, state, trace } = await plant(api);
      const { key } = await createKey(api, [
        { role: "admin", app },
        { role: "admin", app: "vault-*" },
        { role: "admin", effect: "deny", app: `*${names.app.slice("vault".length)}` },
      ]);
      const runtime = await createKey(api, [{ role: "runtime" }]);
      const before = await state();
      const { faults, sent } = await faultsOf(
        (operation) => [
          ...everyRequest(operation, names, { "x-api-key": key }),
          plainRequest(operation, names, { "x-api-key": runtime.key }),
        ],
        (reply, { method, path }) => {
          const answer = answerOf(reply);
          if (answer.includes(trace)) return `shows what was planted: ${summarise(reply)}`;
          if ([400, 403, 404].includes(reply.status)) return undefined;
          // A Worker has no streams, for nobody.
          if (reply.status === 503 && path.endsWith("/stream")) return undefined;
          // The name under which it has claimed is its own.
          if (method === "DELETE" && path.startsWith("/v1/runtimes/")) return undefined;
          // A verdict is no error, but like one it names what was asked for.
          const { changes, jobSpecs, valid } = reply.body as {
            changes?: unknown[];
            jobSpecs?: unknown[];
            valid?: boolean;
          };
          if (valid === false) return undefined;
          if (answer.includes(names.app)) return `names the app: ${summarise(reply)}`;
          const isQuiet = method === "GET" || changes?.length === 0 || jobSpecs?.length === 0;
          return isQuiet && reply.status === 200 ? undefined : summarise(reply);
        },
      );
      expect(faults).toEqual([]);
      expect(sent).toBeGreaterThan(80);
      expect(await state()).toEqual(before);
    });
  });
};

const answerOf = ({ headers, text }: Reply): string =>
  `${[...headers].map(([name, value]) => `${name}: ${value}`).join("\n")}\n${text}`;

/** An app with everything that an app can have, marked by a text that no answer may show. */
const plant = async (api: Api) => {
  const [app, marker] = [unique("vault"), unique("never-shown")];
  const environment = "production";
  const key = "planted.key";
  const scope = { app, environment };
  const first = put({ ...scope, key, value: `${marker}-old` });
  await commit(api, [first], { message: `${marker}-message` });
  const schema = { type: "string", title: `${marker}-schema` };
  const second = put({ ...scope, key, value: marker, schema, description: marker });
  const { revision } = await commit(api, [second, put({ app, key, value: `${marker}-app` })]);
  const { id: keyId } = await createKey(api, [{ role: "viewer", ...scope }], {
    name: `${marker}-name`,
  });
  const entries = `/v1/entries?app=${app}&environment=${environment}`;
  const { body } = await api.get<{ items: { id: string }[] }>(entries);
  const entryId = body.items[0]!.id;
  const role = await createRole(api, ["audit.read"]);
  const planted = { app, environment, key, entryId, keyId, role, revision };
  const names: RequestNames = { ...planted, ...(await plantWebhook(api, scope, marker)) };
  const state = async () => {
    const replies = [
      await api.get(entries),
      await api.get(`/v1/entries?app=${app}`),
      await api.get(`/v1/changes?app=${app}`),
      await api.get(`/v1/api-keys/${keyId}`),
      await api.get(`/v1/webhooks/${names.webhookId}`),
      await api.get(`/v1/webhooks/${names.webhookId}/deliveries`),
      await api.get("/v1/apps?limit=500"),
      await api.get("/v1/environments"),
      await api.get("/v1/roles"),
    ];
    return replies.map(({ body: found }) => found);
  };
  return { names, trace: marker, state };
};

/** A disabled webhook of a scope, so that nothing is called, with a delivery that it is owed. */
const plantWebhook = async (api: Api, scope: object, marker: string) => {
  const { body: webhook } = await api.post<{ id: string }>("/v1/webhooks", {
    ...scope,
    url: `https://receiver.invalid/${marker}`,
    events: ["dev.fairlead.webhook.test.v1"],
    description: marker,
  });
  const path = `/v1/webhooks/${webhook.id}`;
  const { body: sent } = await api.post<{ deliveryId: string }>(`${path}/test`, undefined);
  expect(await api.patch(path, { enabled: false })).toHaveStatus(200);
  return { webhookId: webhook.id, deliveryId: sent.deliveryId };
};
