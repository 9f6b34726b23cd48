import { type OpenAPIRegistry, OpenApiGeneratorV31 } from "@asteasolutions/zod-to-openapi";
import type { Context, Hono } from "hono";
import type { Deps } from "../context.ts";
import { Problem } from "../errors.ts";
import { version } from "../platform/version.ts";
import { type OpenApiDocument, renderDocsPage } from "./docs-page.ts";
import { renderErrorIndex, renderErrorPage } from "./error-page.ts";
import type { AppEnv } from "./route.ts";
import { pageHeaders } from "./security-headers.ts";

/** The OpenAPI document of everything that is registered, for a deployment at a URL. */
const openApiDocument = (registry: OpenAPIRegistry, url: string): OpenApiDocument => {
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
      version,
      description:
        "Centralized configuration: every change is atomic, typed and versioned, and readers get one resolved value.",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    servers: [{ url }],
    tags: [...tags],
    security: [{ bearer: [] }, { apiKey: [] }],
  });
};

const tags = [
  { name: "Changes", description: "The one write path, and everything that it remembers." },
  { name: "Reads", description: "What an app sees: four layers resolved into one value." },
  { name: "Streams", description: "What changes, told as it is committed." },
  { name: "Environments and apps", description: "The names that scopes are made of." },
  { name: "Access", description: "API keys, roles, and who may do what." },
  { name: "Audit", description: "Who did what, and who was refused." },
  { name: "Operation", description: "What a process does and measures." },
  { name: "Seed routes", description: "The same verbs in the founding documents' words." },
] as const;

/** `/openapi.json`, `/docs` and the errors' pages; made at first use and kept. None needs a key. */
export const mountDocs = (
  app: Hono<AppEnv>,
  registry: OpenAPIRegistry,
  depsOf: (c: Context<AppEnv>) => Deps,
): void => {
  let made: { readonly json: string; readonly page: string } | undefined;
  const docs = (c: Context<AppEnv>): { readonly json: string; readonly page: string } => {
    if (made === undefined) {
      const { host, port, publicUrl } = depsOf(c).settings;
      const document = openApiDocument(registry, publicUrl ?? `http://${host}:${port}`);
      made = { json: JSON.stringify(document), page: renderDocsPage(document) };
    }
    return made;
  };
  app.get("/openapi.json", (c) => respond(docs(c).json, "application/json"));
  app.get("/docs", (c) => respond(docs(c).page, html));
  app.get("/docs/errors", () => respond(renderErrorIndex(), html));
  app.get("/docs/errors/:code", (c) => {
    const code = c.req.param("code");
    const page = renderErrorPage(code);
    if (page === undefined) throw new Problem("NOT_FOUND", `There is no error code "${code}".`);
    return respond(page, html);
  });
};

const html = "text/html; charset=utf-8";

const respond = (content: string, type: string): Response =>
  new Response(content, {
    headers: {
      "content-type": type,
      "cache-control": "public, max-age=300",
      ...pageHeaders,
    },
  });
