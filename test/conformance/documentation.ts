import { describe, expect, it } from "vitest";
import { compileSchemas, type OpenApiDocument } from "../helpers/contract-check.ts";
import type { Area } from "./suite.ts";

/** What the HTTP contract promises by name. */
const promised = [
  "GET /api/v1/configs",
  "POST /api/v1/configs",
  "POST /api/v1/configs/fetch",
  "DELETE /api/v1/configs/{id}",
  "GET /api/v1/configs/{id}",
  "PUT /api/v1/configs/{id}",
  "GET /config/{service}",
  "POST /config/{service}",
  "GET /config/{service}/history",
  "POST /config/{service}/rollback",
  "GET /environments",
  "GET /v1/apps",
  "POST /v1/apps",
  "GET /v1/changes",
  "POST /v1/changes",
  "GET /v1/changes/{revision}",
  "GET /v1/config",
  "GET /v1/config/{key}",
  "PUT /v1/config/{key}",
  "GET /v1/diff",
  "GET /v1/entries",
  "GET /v1/environments",
  "POST /v1/environments",
  "GET /v1/history",
  "GET /v1/job-specs",
  "POST /v1/rollback",
  "POST /v1/runtimes/{runtimeId}/claims",
  "DELETE /v1/runtimes/{runtimeId}/claims/{jobSpecId}",
  "POST /v1/runtimes/{runtimeId}/heartbeat",
  "GET /v1/runtimes/{runtimeId}/job-specs",
  "POST /v1/runtimes/{runtimeId}/results",
  "GET /v1/stream",
  "POST /v1/stream/tickets",
  "GET /v1/stream/ws",
  "GET /v1/webhooks",
  "POST /v1/webhooks",
  "DELETE /v1/webhooks/{id}",
  "GET /v1/webhooks/{id}",
  "PATCH /v1/webhooks/{id}",
  "GET /v1/webhooks/{id}/deliveries",
  "POST /v1/webhooks/{id}/redeliver",
  "POST /v1/webhooks/{id}/rotate-secret",
  "POST /v1/webhooks/{id}/test",
  "POST /validate",
];

const operationsOf = ({ paths }: OpenApiDocument) =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({
      name: `${method.toUpperCase()} ${path}`,
      ...operation,
    })),
  );

export const documentation: Area = (api) => {
  describe("health and documentation", () => {
    it("says without a key that it lives and is ready", async () => {
      for (const path of ["/livez", "/readyz"]) {
        const reply = await api.send({ method: "GET", path });
        expect(reply).toMatchObject({ status: 200, body: { status: "ok" } });
        expect(reply.headers.get("cache-control")).toBe("no-store");
        expect(await api.send({ method: "HEAD", path })).toHaveStatus(200);
      }
    });

    it("documents every route of the contract in OpenAPI 3.1, without a key", async () => {
      const { body, headers } = await api.send<OpenApiDocument>({
        method: "GET",
        path: "/openapi.json",
      });
      expect(headers.get("content-type")).toBe("application/json");
      expect(body).toMatchObject({ openapi: "3.1.0", info: { title: "Fairlead" } });
      const names = new Set(operationsOf(body).map(({ name }) => name));
      expect(promised.filter((name) => !names.has(name))).toEqual([]);
    });

    it("names each operation once, with a summary", async () => {
      const { body } = await api.get<OpenApiDocument>("/openapi.json");
      const operations = operationsOf(body);
      const ids = operations.map(({ operationId }) => operationId);
      expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
      expect(operations.filter(({ summary }) => !summary)).toEqual([]);
    });

    it("gives examples of every body, and they fit their schemas", async () => {
      const { body: document } = await api.get<OpenApiDocument>("/openapi.json");
      const schemaOf = compileSchemas(document);
      const faults = operationsOf(document).flatMap(({ name, requestBody, responses }) => {
        const bodies = [requestBody, ...Object.values(responses)].map(
          (holder) => holder?.content?.["application/json"],
        );
        const examples = bodies.flatMap((content) =>
          content?.example === undefined || content.schema === undefined ? [] : [content],
        );
        const misfits = examples.flatMap(({ example, schema = {} }) => {
          const { error } = schemaOf(schema).safeParse(example);
          return error === undefined ? [] : [`${name}: ${error.message}`];
        });
        const hasBody = bodies.some((content) => content !== undefined);
        return hasBody && examples.length === 0 ? [`${name} has no example`, ...misfits] : misfits;
      });
      expect(faults).toEqual([]);
    });

    it("has a readable page of all routes, without a key", async () => {
      const { headers, text } = await api.send({ method: "GET", path: "/docs" });
      expect(headers.get("content-type")).toMatch(/^text\/html/);
      const paths = promised.map((name) => name.split(" ")[1] ?? "");
      expect(paths.filter((path) => !text.includes(path))).toEqual([]);
    });

    it("has a page for every error code, to which a problem's type leads", async () => {
      const { body } = await api.get<{ type: string; code: string }>("/v1/config/no.such.key");
      expect(body.type).toMatch(/\/docs\/errors\/NOT_FOUND$/);
      const { body: document } = await api.get<OpenApiDocument>("/openapi.json");
      const problem = document.components.schemas["Problem"] as {
        properties: { code: { enum: string[] } };
      };
      expect(problem.properties.code.enum).toContain("CONFLICT");
      for (const code of problem.properties.code.enum) {
        const page = await api.send({ method: "GET", path: `/docs/errors/${code}` });
        expect({ status: page.status, code: page.text.includes(code) }).toEqual({
          status: 200,
          code: true,
        });
      }
      const missing = await api.send({ method: "GET", path: "/docs/errors/NO_SUCH_CODE" });
      expect(missing).toBeProblem("NOT_FOUND", { detail: "NO_SUCH_CODE" });
    });
  });
};
