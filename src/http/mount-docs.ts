import { OpenApiGeneratorV31, type OpenAPIRegistry } from "@asteasolutions/zod-to-openapi";
import type { Hono } from "hono";
import { catalogue, type ErrorCode, Problem } from "../errors.ts";
import { renderDocsPage } from "./docs-page.ts";
import { renderErrorIndex, renderErrorPage } from "./error-page.ts";

export const apiVersion = "0.1.0";

/** The OpenAPI document of everything that is registered. */
export const openApiDocument = (registry: OpenAPIRegistry) => {
  registry.registerComponent("securitySchemes", "bearer", {
    type: "http",
    scheme: "bearer",
    description: "An API key",
  });
  registry.registerComponent("securitySchemes", "apiKey", {
    type: "apiKey",
    in: "header",
    name: "X-API-Key",
  });
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: "3.1.0",
    info: {
      title: "Fairlead",
      version: apiVersion,
      description:
        "Centralized configuration: every change is atomic, typed and versioned, and readers get one resolved value.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ bearer: [] }, { apiKey: [] }],
  });
};

/** `/openapi.json`, `/docs` and the errors' pages; made at first use and kept. None needs a key. */
export const mountDocs = (app: Hono, registry: OpenAPIRegistry): void => {
  const document = once(() => openApiDocument(registry));
  const json = once(() => JSON.stringify(document()));
  const page = once(() => String(renderDocsPage(document())));
  app.get("/openapi.json", () => respond(json(), "application/json"));
  app.get("/docs", () => respond(page(), html));
  app.get("/docs/errors", () => respond(String(renderErrorIndex()), html));
  app.get("/docs/errors/:code", (c) => {
    const code = c.req.param("code");
    if (!isErrorCode(code)) throw new Problem("NOT_FOUND", `There is no error code "${code}".`);
    return respond(String(renderErrorPage(code)), html);
  });
};

const html = "text/html; charset=utf-8";

const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(catalogue, text);

const once = <Value>(make: () => Value): (() => Value) => {
  let made: { readonly value: Value } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
};

const respond = (content: string, type: string): Response =>
  new Response(content, {
    headers: {
      "content-type": type,
      "cache-control": "public, max-age=300",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'",
      "x-content-type-options": "nosniff",
    },
  });
