import type { OpenApiDocument } from "./docs-page.ts";

const problem = (description: string) => ({
  description,
  content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
});

/** A document with one of everything that the page shows, for its test. */
export const sampleDocument: OpenApiDocument = {
  openapi: "3.1.0",
  info: {
    title: "Fairlead",
    version: "0.1.0",
    description:
      "One place to change configuration, read at the edge.\n\n- Every write is a **change set**.\n- Every read says its `Config-Revision`.\n\nSee [the glossary](https://example.org/glossary).",
  },
  servers: [{ url: "http://127.0.0.1:8787" }],
  tags: [
    { name: "Changes", description: "The one write path, its history and its undoing." },
    { name: "Reads", description: "Effective values, resolved from four layers." },
    { name: "Unused" },
  ],
  security: [{ bearer: [] }, { apiKey: [] }],
  paths: {
    "/v1/changes": {
      post: {
        tags: ["Changes"],
        summary: "Commit a change set",
        description:
          "All operations commit together or not at all. A dry run answers `200` with the same body and commits nothing.",
        parameters: [{ $ref: "#/components/parameters/IdempotencyKey" }],
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: { $ref: "#/components/schemas/ChangeRequest" },
              examples: {
                put: {
                  summary: "Raise the pool's size",
                  value: {
                    message: "raise the pool, it's too small",
                    expectedRevision: 41,
                    operations: [
                      {
                        op: "put",
                        kind: "config",
                        app: "payments",
                        environment: "production",
                        key: "db.pool.size",
                        value: 20,
                        expectedVersion: 3,
                      },
                      { op: "delete", kind: "config", key: "legacy.url" },
                    ],
                  },
                },
                dryRun: { $ref: "#/components/examples/DryRun" },
              },
            },
            "application/yaml": {
              schema: { $ref: "#/components/schemas/ChangeRequest" },
              example: "message: raise the pool\noperations: []\n",
            },
          },
        },
        responses: {
          201: {
            description: "Committed.",
            headers: {
              "Config-Revision": { description: "The new revision.", schema: { type: "integer" } },
            },
            content: {
              "application/json": {
                schema: { $ref: "#/components/schemas/ChangeSet" },
                example: {
                  revision: 42,
                  changes: [
                    {
                      op: "put",
                      kind: "config",
                      app: "payments",
                      environment: "production",
                      key: "db.pool.size",
                      version: 4,
                      before: 10,
                      after: 20,
                    },
                  ],
                },
              },
            },
          },
          400: problem("The body does not have this shape."),
          401: problem("No valid credentials."),
          409: problem("`CONFLICT`: the state has moved on."),
          422: problem("`UNPROCESSABLE` or `LARGE_CHANGE`: a rule refuses the change."),
          503: problem("The database cannot be reached."),
        },
      },
      get: {
        tags: ["Changes"],
        summary: "List change sets, newest first",
        parameters: [
          {
            name: "limit",
            in: "query",
            description: "How many items a page has.",
            schema: { type: "integer", minimum: 1, maximum: 500, default: 100 },
          },
          { name: "cursor", in: "query", schema: { type: "string", maxLength: 512 } },
          {
            name: "kind",
            in: "query",
            deprecated: true,
            schema: { type: "string", enum: ["config", "flag"] },
          },
        ],
        responses: {
          200: {
            description: "A page of change sets.",
            content: {
              "application/json": {
                schema: {
                  type: "object",
                  required: ["items"],
                  properties: {
                    items: { type: "array", items: { $ref: "#/components/schemas/ChangeSet" } },
                    nextCursor: { type: "string", description: "Absent on the last page." },
                  },
                },
              },
            },
          },
          400: problem("A parameter is not valid."),
        },
      },
    },
    "/v1/config/{key}": {
      parameters: [
        {
          name: "key",
          in: "path",
          required: true,
          description: "The entry's key.",
          schema: { type: "string", pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]{0,255}$" },
          example: "db.pool.size",
        },
        { name: "app", in: "query", example: "payments", schema: { type: "string" } },
        {
          name: "environment",
          in: "query",
          example: "production",
          description: "Its name; see `GET /v1/environments`.",
          schema: { type: "string", minLength: 1, maxLength: 64 },
        },
      ],
      get: {
        tags: ["Reads"],
        summary: "Read one effective value",
        responses: {
          200: {
            description: "The value, and the layer that it came from.",
            content: {
              "application/json": { schema: { $ref: "#/components/schemas/EffectiveValue" } },
            },
          },
          304: { description: "What the caller has is still current." },
          404: problem("No such key, app or environment."),
        },
      },
      put: {
        tags: ["Reads"],
        deprecated: true,
        summary: "Set one value",
        requestBody: {
          content: {
            "application/json": {
              schema: {
                type: "object",
                required: ["value"],
                properties: { value: {}, change_log: { type: "string" } },
                additionalProperties: false,
              },
              example: { value: 20, change_log: "raise" },
            },
          },
        },
        responses: { 200: { description: "Done." }, 412: problem("`If-Match` does not hold.") },
      },
    },
    "/v1/stream": {
      get: {
        summary: "Follow changes",
        responses: {
          200: {
            description: "Server-sent events.",
            content: {
              "text/event-stream": {
                schema: { type: "string" },
                example: "id: 0198-42\nevent: change\ndata: {}\n\n",
              },
            },
          },
        },
      },
    },
    "/livez": {
      get: {
        tags: ["Health"],
        summary: "Whether the process lives",
        security: [],
        responses: { 200: { description: "It does." } },
      },
    },
  },
  components: {
    securitySchemes: {
      bearer: { type: "http", scheme: "bearer", description: "An API key or a JWT." },
      apiKey: { type: "apiKey", in: "header", name: "X-API-Key" },
    },
    parameters: {
      IdempotencyKey: {
        name: "Idempotency-Key",
        in: "header",
        description: "Repeats of the same request with the same key happen once.",
        schema: { type: "string", maxLength: 255 },
      },
    },
    examples: {
      DryRun: { summary: "Look first", value: { message: "try", dryRun: true, operations: [] } },
    },
    schemas: {
      ChangeRequest: {
        type: "object",
        required: ["message", "operations"],
        additionalProperties: false,
        properties: {
          message: {
            type: "string",
            minLength: 1,
            maxLength: 2000,
            description: "Why, for the history.",
          },
          expectedRevision: { type: "integer", minimum: 0 },
          dryRun: { type: "boolean", default: false },
          operations: {
            type: "array",
            minItems: 1,
            maxItems: 10_000,
            items: { $ref: "#/components/schemas/Operation" },
          },
        },
      },
      Operation: {
        description: "One step of a change set.",
        oneOf: [
          {
            type: "object",
            required: ["op", "key", "value"],
            properties: {
              op: { const: "put" },
              key: { $ref: "#/components/schemas/Key" },
              value: { description: "Any JSON." },
              merge: { type: "string", enum: ["replace", "deep"], default: "replace" },
              labels: { type: "object", additionalProperties: { type: "string" } },
            },
          },
          {
            type: "object",
            required: ["op", "key"],
            properties: {
              op: { const: "delete" },
              key: { allOf: [{ $ref: "#/components/schemas/Key" }, { description: "What goes." }] },
            },
          },
        ],
      },
      Key: {
        type: "string",
        pattern: "^[A-Za-z0-9][A-Za-z0-9._:-]{0,255}$",
        example: "db.pool.size",
      },
      ChangeSet: {
        type: "object",
        required: ["revision", "changes"],
        properties: {
          revision: {
            type: ["integer", "null"],
            description: "`null` for a dry run.",
            example: 42,
          },
          changes: {
            type: "array",
            items: {
              type: "object",
              required: ["key"],
              properties: {
                key: { $ref: "#/components/schemas/Key" },
                app: { type: ["string", "null"] },
                before: {
                  anyOf: [{ $ref: "#/components/schemas/EffectiveValue" }, { type: "null" }],
                },
                point: { type: "array", prefixItems: [{ type: "string" }, { type: "number" }] },
              },
            },
          },
          parent: {
            allOf: [{ $ref: "#/components/schemas/ChangeSet" }, { type: ["object", "null"] }],
          },
        },
      },
      EffectiveValue: {
        type: "object",
        required: ["key", "value", "version", "at"],
        properties: {
          key: { $ref: "#/components/schemas/Key" },
          value: { anyOf: [{ type: "string" }, { type: "number" }, { type: "boolean" }] },
          version: { type: "integer", minimum: 1, maximum: Number.MAX_SAFE_INTEGER },
          at: { type: "string", format: "date-time" },
        },
      },
      Problem: {
        type: "object",
        required: ["type", "status", "code"],
        properties: {
          type: { type: "string", format: "uri-reference" },
          status: { type: "integer" },
          code: { type: "string" },
        },
      },
    },
  },
};
