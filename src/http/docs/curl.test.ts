import { execFileSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type SampleRequest, sampleRequests } from "./curl.ts";
import { groupByTag, type OpenApiDocument } from "./openapi.ts";

type Paths = NonNullable<OpenApiDocument["paths"]>;

const documentWith = (paths: Paths): OpenApiDocument => ({
  openapi: "3.1.0",
  info: { title: "T", version: "1" },
  servers: [{ url: "https://config.example.org/" }],
  security: [{ bearer: [] }],
  components: { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } },
  paths,
});

const samplesOf = (document: OpenApiDocument): SampleRequest[] =>
  groupByTag(document)
    .flatMap(({ routes }) => routes)
    .flatMap((route) => sampleRequests(document, route));

/** The arguments that a shell gives to curl. */
const argumentsOf = (command: string): string[] => {
  const script = `curl() { for word in "$@"; do printf '%s\\0' "$word"; done; }\nAPI_KEY=secret\n${command}\n`;
  const output = execFileSync("/bin/sh", ["-c", script], { encoding: "utf8" });
  return output.split("\0").slice(0, -1);
};

const ok = { 200: { description: "Done." } };

describe("the curl commands", () => {
  it("name method, address, credentials and body as curl takes them", () => {
    const document = documentWith({
      "/v1/config/{key}": {
        put: {
          parameters: [
            { name: "key", in: "path", required: true, example: "a b/c", schema: {} },
            { name: "app", in: "query", schema: { type: "string", example: "payments" } },
            { name: "limit", in: "query", schema: { type: "integer", example: 5 } },
            { name: "If-Match", in: "header", example: '"3"', schema: { type: "string" } },
          ],
          requestBody: { content: { "application/json": { example: { value: "it's $HOME" } } } },
          responses: ok,
        },
      },
    });
    expect(samplesOf(document).map(({ command }) => argumentsOf(command))).toEqual([
      [
        "-X",
        "PUT",
        "https://config.example.org/v1/config/a%20b%2Fc?app=payments",
        "-H",
        "Authorization: Bearer secret",
        "-H",
        'If-Match: "3"',
        "-H",
        "Content-Type: application/json",
        "--data-raw",
        '{ "value": "it\'s $HOME" }',
      ],
    ]);
  });

  it("leave out what curl does anyway, and credentials where none are needed", () => {
    const document = documentWith({ "/livez": { get: { security: [], responses: ok } } });
    expect(samplesOf(document)[0]?.command).toBe("curl https://config.example.org/livez");
  });

  it("fill a path from the schema, or with the parameter's name", () => {
    const path = { in: "path", required: false } as const;
    const document = documentWith({
      "/{kind}/{id}": {
        get: {
          security: [],
          parameters: [
            { ...path, name: "kind", schema: { type: "string", enum: ["flag"] } },
            { ...path, name: "id" },
          ],
          responses: ok,
        },
      },
    });
    expect(samplesOf(document)[0]?.command).toBe("curl https://config.example.org/flag/id");
  });

  it("do not wait for the end of a stream", () => {
    const content = { "text/event-stream": { schema: { type: "string" as const } } };
    const document = documentWith({
      "/stream": { get: { responses: { 200: { description: "", content } } } },
    });
    expect(argumentsOf(samplesOf(document)[0]?.command ?? "")[0]).toBe("-N");
  });

  it("make a body from the schema where the document has no example", () => {
    const document = documentWith({
      "/x": {
        post: {
          requestBody: {
            content: {
              "application/json": {
                schema: {
                  type: "object",
                  required: ["name"],
                  properties: { name: { type: "string", minLength: 1 }, note: { type: "string" } },
                },
              },
            },
          },
          responses: ok,
        },
      },
    });
    expect(argumentsOf(samplesOf(document)[0]?.command ?? "").at(-1)).toBe('{ "name": "string" }');
  });

  it("survive the shell whatever the example holds", () => {
    const text = fc
      .string({ unit: "binary" })
      .filter((value) => !value.includes("\0") && value.isWellFormed());
    fc.assert(
      fc.property(text, text, (body, value) => {
        const document = documentWith({
          "/x": {
            post: {
              parameters: [{ name: "q", in: "query", example: value }],
              requestBody: { content: { "text/plain": { example: body } } },
              responses: ok,
            },
          },
        });
        const words = argumentsOf(samplesOf(document)[0]?.command ?? "");
        expect(words.at(-1)).toBe(body);
        expect(new URL(words[0] ?? "").searchParams.get("q")).toBe(value);
      }),
      { numRuns: 60 },
    );
  });
});
