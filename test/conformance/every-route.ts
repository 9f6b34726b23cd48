import { describe, expect, it } from "vitest";
import type { OpenApiDocument, Operation } from "../helpers/contract-check.ts";
import type { Api, Reply } from "../helpers/http-api.ts";
import type { Area } from "./suite.ts";

interface DocumentedRoute {
  readonly method: string;
  readonly path: string;
  readonly allow: string;
  readonly operation: Operation;
}

/** Every documented route, with something for its parameters. */
const readRoutes = async (api: Api): Promise<DocumentedRoute[]> => {
  const { body } = await api.get<OpenApiDocument>("/openapi.json");
  return Object.entries(body.paths).flatMap(([template, operations]) => {
    const methods = Object.keys(operations).map((method) => method.toUpperCase());
    if (methods.includes("GET")) methods.push("HEAD");
    const path = template
      .replaceAll("{revision}", "1")
      .replaceAll(/(?<=\/webhooks\/)\{id\}|\{deliveryId\}/g, "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11")
      .replaceAll(/\{\w+\}/g, "some-name");
    return Object.entries(operations).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      allow: methods.toSorted().join(", "),
      operation,
    }));
  });
};

const summarise = ({ body, status }: Reply): string =>
  `${status} ${(body as { code?: string }).code ?? ""}`;

/** Sends one request for each route, and lists the answers that are not the expected one. */
const exceptions = async (
  routes: readonly DocumentedRoute[],
  expected: string,
  send: (route: DocumentedRoute) => Promise<Reply>,
): Promise<string[]> => {
  const answers = await Promise.all(
    routes.map(async (route) => [route, summarise(await send(route))] as const),
  );
  return answers.flatMap(([{ method, path }, answer]) =>
    answer === expected ? [] : [`${method} ${path} → ${answer}`],
  );
};

export const everyRoute: Area = (api, server) => {
  const sendBody = ({ method, path }: DocumentedRoute, headers: Record<string, string>) =>
    api.send({
      method,
      path,
      headers: { "x-api-key": server().adminKey, ...headers },
      body: new TextEncoder().encode("{}"),
    });

  describe("every route", () => {
    it("answers 401 without a valid key, before it looks at anything else", async () => {
      const routes = await readRoutes(api);
      expect(routes.length).toBeGreaterThan(20);
      const wrong = { authorization: "Bearer not-the-administrator" };
      for (const headers of [{}, wrong] as Record<string, string>[]) {
        const send = ({ method, path }: DocumentedRoute) =>
          api.send({ method, path: `${path}?no-such-parameter=1`, headers });
        expect(await exceptions(routes, "401 UNAUTHENTICATED", send)).toEqual([]);
      }
    });

    it("answers 400 to a query parameter that it does not know", async () => {
      const found = await exceptions(await readRoutes(api), "400 INVALID_INPUT", (route) =>
        api.send({
          method: route.method,
          path: `${route.path}?enviroment=production`,
          headers: { "x-api-key": server().adminKey },
        }),
      );
      expect(found).toEqual([]);
    });

    it("answers 405 to another method, and says which there are", async () => {
      for (const { allow, path } of await readRoutes(api)) {
        const method = allow.includes("PATCH") ? "PUT" : "PATCH";
        const reply = await api.send({ method, path });
        expect(`${summarise(reply)} ${path} ${reply.headers.get("allow")}`).toBe(
          `405 METHOD_NOT_ALLOWED ${path} ${allow}`,
        );
      }
    });

    it("answers 415 to a body that is not of a type that it reads", async () => {
      const routes = await readRoutes(api);
      const taking = routes.filter(({ operation }) => operation.requestBody !== undefined);
      expect(taking.length).toBeGreaterThan(8);
      for (const headers of [
        {},
        { "content-type": "text/plain" },
        { "content-type": "application/x-www-form-urlencoded" },
        { "content-type": "application/json; charset=iso-8859-1" },
        { "content-type": "application/json", "content-encoding": "gzip" },
      ] as Record<string, string>[]) {
        const found = await exceptions(taking, "415 UNSUPPORTED_MEDIA_TYPE", (route) =>
          sendBody(route, headers),
        );
        expect({ headers, found }).toEqual({ headers, found: [] });
      }
    });

    it("reads YAML only where the document says so", async () => {
      const routes = await readRoutes(api);
      const jsonOnly = routes.filter(({ operation: { requestBody } }) => {
        const types = Object.keys(requestBody?.content ?? {});
        return types.includes("application/json") && !types.includes("application/yaml");
      });
      const found = await exceptions(jsonOnly, "415 UNSUPPORTED_MEDIA_TYPE", (route) =>
        sendBody(route, { "content-type": "application/yaml" }),
      );
      expect(jsonOnly.length).toBeGreaterThan(5);
      expect(found).toEqual([]);
    });

    it("answers HEAD as GET, without the body", async () => {
      for (const path of ["/v1/environments", "/v1/config", "/environments", "/openapi.json"]) {
        const [head, get] = [await api.head(path), await api.get(path)];
        expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: "" });
        for (const name of ["content-type", "etag", "config-revision", "cache-control", "vary"]) {
          expect(`${path} ${name} ${head.headers.get(name)}`).toBe(
            `${path} ${name} ${get.headers.get(name)}`,
          );
        }
      }
    });

    it("tells caches that answers are for the asker alone, and to be asked for again", async () => {
      const routes = (await readRoutes(api)).filter(({ method }) => method === "GET");
      const replies = await Promise.all(
        routes.map(async ({ path }) => ({ path, ...(await api.get(path)) })),
      );
      const ok = replies.filter(({ status }) => status === 200);
      expect(ok.length).toBeGreaterThan(5);
      for (const { headers, path } of ok) {
        // What transforms a stream holds it back.
        const caching = `private, no-cache${path.endsWith("/stream") ? ", no-transform" : ""}`;
        expect(`${path}: ${headers.get("cache-control")}; ${headers.get("vary")}`).toBe(
          `${path}: ${caching}; Authorization, X-API-Key, Accept, Origin`,
        );
      }
    });

    it("gives every answer an id, the client's where it is a plain one", async () => {
      const { headers } = await api.get("/v1/environments", { "x-request-id": "trace-4711.a_b" });
      expect(headers.get("x-request-id")).toBe("trace-4711.a_b");
      const refused = await api.get<{ requestId: string }>("/v1/config/no.such.key", {
        "x-request-id": "<script>alert(1)</script>",
      });
      expect(refused.body.requestId).toMatch(/^[0-9a-f-]{36}$/);
      expect(refused.headers.get("x-request-id")).toBe(refused.body.requestId);
    });
  });

  describe("a path that is no route", () => {
    it("is 404", async () => {
      const reply = await api.get<{ detail: string }>("/v1/configuration");
      expect(summarise(reply)).toBe("404 NOT_FOUND");
      expect(reply.body.detail).toContain("/v1/configuration");
    });
  });
};
