import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { sampleDocument as sample } from "./docs-page.sample.ts";
import { type OpenApiDocument, renderDocsPage } from "./docs-page.ts";

const page = renderDocsPage(sample);

const idsOf = (html: string): string[] =>
  [...html.matchAll(/ id="([^"]*)"/g)].map(([, id = ""]) => id);
const targetsOf = (html: string): string[] =>
  [...html.matchAll(/ href="([^"]*)"/g)].map(([, target = ""]) => target);

const voidElements = new Set(["meta", "link", "wbr", "!doctype"]);

/** Element names that are left open, or closed out of order; empty for well-formed HTML. */
const unbalanced = (html: string): string[] => {
  const open: string[] = [];
  const wrong: string[] = [];
  const withoutStyle = html.replace(/<style>[^<]*<\/style>/, "");
  for (const [, slash, name = ""] of withoutStyle.matchAll(/<(\/?)([a-z!][a-z0-9]*)[^>]*>/g)) {
    if (voidElements.has(name)) continue;
    if (slash === "") open.push(name);
    else if (open.pop() !== name) wrong.push(name);
  }
  return [...wrong, ...open];
};

/** The part of the page about one operation, as text without tags. */
const operation = (anchor: string): string => {
  const articles = page.split("<article ").filter((part) => part.includes(`id="${anchor}"`));
  expect(articles).toHaveLength(1);
  return (articles[0] ?? "").split("</article>")[0] ?? "";
};

const withoutTags = (html: string): string =>
  html
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll("&quot;", '"')
    .replaceAll("&#39;", "'")
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");

describe("the docs page", () => {
  it("is well-formed, with headings that skip no level", () => {
    expect(unbalanced(page)).toEqual([]);
    const levels = [...page.matchAll(/<h([1-6])[ >]/g)].map(([, level]) => Number(level));
    expect(levels[0]).toBe(1);
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [index, level] of levels.entries()) {
      expect(level - (levels[index - 1] ?? 0)).toBeLessThanOrEqual(1);
    }
    expect(page).not.toMatch(/\[object Object\]|undefined/);
  });

  it("loads nothing and runs nothing", () => {
    expect(page).not.toMatch(/<script|<img|<iframe|@import|url\(|\bsrc=|\bon\w+=/i);
    expect(page).toContain("default-src &#39;none&#39;");
    expect(page.match(/<link [^>]*>/g)).toEqual(['<link rel="icon" href="data:,">']);
  });

  it("has an anchor for every operation and every named schema, and no link that leads nowhere", () => {
    const ids = idsOf(page);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain("operation-post-v1-changes");
    expect(ids).toContain("operation-get-v1-config-key");
    for (const name of Object.keys(sample.components?.schemas ?? {})) {
      expect(ids).toContain(`schema-${name}`);
    }
    const inside = targetsOf(page).filter((target) => target.startsWith("#"));
    expect(inside.filter((target) => !ids.includes(target.slice(1)))).toEqual([]);
  });

  it("keeps apart the anchors of paths that differ only in punctuation", () => {
    const get = { responses: { 200: { description: "Done." } } };
    const html = renderDocsPage({
      openapi: "3.1.0",
      info: { title: "T", version: "1" },
      paths: { "/a-b": { get }, "/a/b": { get }, "/": { get } },
    });
    expect(idsOf(html).filter((id) => id.startsWith("operation"))).toEqual([
      "operation-get-a-b",
      "operation-get-a-b-2",
      "operation-get-root",
    ]);
  });

  it("lists the operations by tag: the document's order first, then other tags; none that is empty", () => {
    const contents = page.slice(page.indexOf("<nav"), page.indexOf("</nav>"));
    const tags = [...contents.matchAll(/class="tag"[^>]*>([^<]*)</g)].map(([, tag]) => tag);
    expect(tags).toEqual(["Changes", "Reads", "Other", "Health", "Schemas"]);
    expect(targetsOf(contents).filter((target) => target.startsWith("#operation"))).toHaveLength(6);
  });

  it("says who may call: alternatives, or nobody needs to say who they are", () => {
    expect(withoutTags(operation("operation-get-v1-changes"))).toContain(
      "Needs Authorization: Bearer <key> or X-API-Key: <key>",
    );
    expect(operation("operation-get-livez")).toContain("Needs no credentials.");
    expect(operation("operation-get-livez")).not.toContain("API_KEY");
  });

  it("shows parameters with place, need, type, constraints, description and default", () => {
    const row = operation("operation-get-v1-changes")
      .split("<tr")
      .find((part) => part.includes("limit"));
    const cells = (row ?? "")
      .split(/<t[hd] [^>]*>/)
      .map(withoutTags)
      .slice(1);
    expect(cells).toEqual([
      "limit",
      "query",
      "no",
      "integer",
      "1 to 500",
      "How many items a page has.",
      "100",
    ]);
    const shared = operation("operation-get-v1-config-key");
    expect(withoutTags(shared)).toContain("keypathyesstring");
    expect(operation("operation-post-v1-changes")).toContain("<code>Idempotency-Key</code>");
  });

  it("links each error to the page of the codes that the response names", () => {
    const errors = targetsOf(operation("operation-post-v1-changes")).filter((target) =>
      target.startsWith("/docs/errors/"),
    );
    expect(errors.map((target) => target.slice("/docs/errors/".length))).toEqual([
      "INVALID_INPUT",
      "UNAUTHENTICATED",
      "CONFLICT",
      "UNPROCESSABLE",
      "LARGE_CHANGE",
      "UNAVAILABLE",
    ]);
  });

  it("shows a command for every example of a body, and the examples of answers", () => {
    const text = withoutTags(operation("operation-post-v1-changes"));
    expect(text).toContain("curl · application/json · Raise the pool's size");
    expect(text).toContain("curl · application/json · Look first");
    expect(text).toContain("curl · application/yaml");
    expect(text).toContain('"key": "db.pool.size"');
    expect(withoutTags(operation("operation-get-v1-stream"))).toContain("event: change\ndata: {}");
  });

  it("shows a schema that several answers share once, and links it after that", () => {
    const content = { "application/json": { schema: { $ref: "#/components/schemas/Entry" } } };
    const responses = { 200: { description: "", content }, 201: { description: "", content } };
    const html = renderDocsPage({
      openapi: "3.1.0",
      info: { title: "T", version: "1" },
      paths: { "/x": { get: { responses } } },
      components: { schemas: { Entry: { type: "object", properties: { version: {} } } } },
    });
    const article = html.slice(html.indexOf("<article"), html.indexOf("</article>"));
    expect(article.split('href="#schema-Entry"')).toHaveLength(3);
    expect(article.split("version")).toHaveLength(2);
  });

  it("marks what is deprecated", () => {
    expect(operation("operation-put-v1-config-key")).toMatch(/<h3.*deprecated.*<\/h3>/);
    expect(operation("operation-get-v1-config-key")).not.toContain("deprecated");
  });

  it("escapes whatever the document holds, wherever it holds it", () => {
    const hostile = `<x-evil y="1">'&amp;\`</code></style>`;
    const structural = new Set(["$ref", "type", "in", "openapi", "scheme", "tags", "required"]);
    const poison = (value: unknown, member = ""): unknown => {
      if (structural.has(member)) return value;
      if (typeof value === "string") return value + hostile;
      if (Array.isArray(value)) return value.map((item) => poison(item, member));
      if (typeof value !== "object" || value === null) return value;
      const named = ["properties", "examples", "headers", "content", "paths"].includes(member);
      return Object.fromEntries(
        Object.entries(value).map(([name, inner]) => [
          named ? name + hostile : name,
          poison(inner, named ? "" : name),
        ]),
      );
    };
    const poisoned: OpenApiDocument = JSON.parse(JSON.stringify(poison(sample)));
    const html = renderDocsPage(poisoned);
    expect(html).toContain("&lt;x-evil");
    expect(html).not.toContain("<x-evil");
    expect(html.split("</style>")).toHaveLength(2);
    expect(unbalanced(html)).toEqual([]);
  });

  it("renders any JSON as an example without breaking the page", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (example) => {
        const html = renderDocsPage({
          openapi: "3.1.0",
          info: { title: "T", version: "1" },
          paths: {
            "/x": {
              post: {
                requestBody: { content: { "application/json": { example } } },
                responses: {
                  200: { description: "", content: { "application/json": { example } } },
                },
              },
            },
          },
        });
        expect(unbalanced(html)).toEqual([]);
        const samples = [...html.matchAll(/<pre><code>([^<]*)</g)].map(([, text = ""]) =>
          withoutTags(text),
        );
        expect(JSON.parse(samples.at(-1) ?? "")).toEqual(JSON.parse(JSON.stringify(example)));
      }),
      { numRuns: 100 },
    );
  });
});
