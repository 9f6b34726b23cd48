import { z } from "zod";
import type { Ctx } from "../context.ts";
import {
  appName,
  bodyScope,
  environmentName,
  keyShape,
  pageOf,
  pageQuery,
  pointInTime,
  queryScope,
  revisionParameter,
} from "../http/common-shapes.ts";
import { parseShape } from "../http/parse-parameters.ts";
import { defineRoute, type Reply, type Route } from "../http/route.ts";
import type { CommitResult, Operation } from "./change-set.ts";
import { commitChangeSet } from "./commit-change-set.ts";
import { diffEnvironments } from "./diff-environments.ts";
import { diffRevisions } from "./diff-revisions.ts";
import { getChange } from "./get-change.ts";
import { listChanges } from "./list-changes.ts";
import { listEntries } from "./list-entries.ts";
import { listHistory } from "./list-history.ts";
import { rollBack } from "./roll-back.ts";
import {
  changeSetDetailShape,
  changeSetItemShape,
  changeSetShape,
  commitResultShape,
  diffItemShape,
  entryShape,
  environmentDiffItemShape,
  historyItemShape,
  messageShape,
} from "./shapes.ts";

const tag = "Changes";
const time = "2026-01-31T12:00:00.123456Z";
const actor = { type: "key", id: "bootstrap-admin" };
const scope = { app: "payments", environment: "production" };
const named = { kind: "config", ...scope, key: "db.pool.size" };

const commitExample = {
  revision: 42,
  changes: [{ op: "put", ...named, version: 4, before: 10, after: 20 }],
  effective: [{ ...scope, key: "db.pool.size", before: 10, after: 20 }],
  effectiveTotal: 1,
};

const itemExample = {
  revision: 42,
  message: "raise the pool",
  actor,
  committedAt: time,
  changeCount: 1,
};

const commitResponses = {
  200: {
    description: "A dry run (`revision` is null), or nothing to change (the current revision)",
    schema: commitResultShape,
    example: { ...commitExample, revision: null },
  },
  201: {
    description: "Committed",
    schema: commitResultShape,
    example: commitExample,
    headers: ["Config-Revision"],
  },
} as const;

const commitErrors = [
  "NOT_FOUND",
  "CONFLICT",
  "UNPROCESSABLE",
  "LARGE_CHANGE",
  "IDEMPOTENCY_KEY_REUSED",
] as const;

/** 201 where a revision was taken; 200 for a dry run and for a change set without changes. */
const replyToCommit = (result: CommitResult): Reply => ({
  status: result.revision !== null && result.changes.length > 0 ? 201 : 200,
  body: result,
  ...(result.revision === null ? {} : { headers: { "config-revision": String(result.revision) } }),
});

const rollbackOptions = {
  message: messageShape.optional(),
  dryRun: z.boolean().default(false),
  allowLargeChange: z.boolean().default(false),
};

const revisionRollback = z
  .strictObject({
    toRevision: z.int().min(0),
    app: appName.nullable().optional(),
    environment: environmentName.nullable().optional(),
    ...rollbackOptions,
  })
  .meta({ id: "RevisionRollback" });

const entryRollback = z
  .strictObject({
    kind: z.string(),
    ...bodyScope,
    key: keyShape,
    toVersion: z.int().min(1),
    ...rollbackOptions,
  })
  .meta({ id: "EntryRollback" });

/**
 * Without an app and an environment, and without defaults for them, the whole deployment; null for
 * one of them means "all".
 */
const rollBackAs = (ctx: Ctx, body: z.output<typeof rollbackShape>): Promise<CommitResult> => {
  if ("toVersion" in body) {
    const { allowLargeChange, dryRun, message, toVersion, ...entry } = body;
    return rollBack(ctx, { entry, toVersion, message, dryRun, allowLargeChange });
  }
  const { app, environment, ...rest } = body;
  const { defaults } = ctx;
  const hasDefaults = defaults.app !== "" || defaults.environment !== "";
  const whole = app === undefined && environment === undefined && !hasDefaults;
  return rollBack(ctx, {
    ...rest,
    scope: whole
      ? undefined
      : {
          app: nameOr(defaults.app, app),
          environment: nameOr(defaults.environment, environment),
        },
  });
};

const nameOr = (fallback: string, name: string | null | undefined): string =>
  name === undefined ? fallback : (name ?? "");

const rollbackShape = z.union([revisionRollback, entryRollback]);

const page = { limit: z.number(), cursor: z.string().optional() };

const betweenRevisions = z.strictObject({
  from: z.number("is needed"),
  to: z.number("is needed"),
  app: z.string().optional(),
  environment: z.string().optional(),
  ...page,
});

const betweenEnvironments = z.strictObject({
  fromEnvironment: z.string("is needed"),
  toEnvironment: z.string("is needed"),
  app: z.string(),
  at: z.union([z.number(), z.string()]).optional(),
  ...page,
});

const kindName = z.string().min(1).max(64).meta({ example: "config" });

export const changeRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      path: "/v1/changes",
      operationId: "commitChangeSet",
      policy: "entries.write",
      tag,
      summary: "Commit a change set: all of its operations or none",
      body: {
        schema: changeSetShape,
        example: {
          message: "raise the pool",
          operations: [{ op: "put", ...named, value: 20, expectedVersion: 3 }],
        },
      },
      headers: ["Idempotency-Key"],
      responses: commitResponses,
      errors: commitErrors,
    },
    async (ctx, { body: { dryRun, operations, ...rest } }) =>
      replyToCommit(
        await commitChangeSet(ctx, {
          dryRun,
          changeSet: { ...rest, operations: operations as readonly Operation[] },
        }),
      ),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/changes",
      operationId: "listChanges",
      policy: "entries.read",
      replica: "always",
      tag,
      summary: "List change sets, newest first; with `after`, oldest first",
      query: z.strictObject({
        after: revisionParameter.optional(),
        app: appName.optional(),
        environment: environmentName.optional(),
        kind: kindName.optional(),
        key: keyShape.optional(),
        ...pageQuery,
      }),
      responses: {
        200: {
          description: "Change sets",
          schema: pageOf(changeSetItemShape),
          example: { items: [itemExample] },
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { query }) => ({ body: await listChanges(ctx, query) }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/changes/{revision}",
      operationId: "getChange",
      policy: "entries.read",
      replica: "always",
      tag,
      summary: "One change set with its changes",
      params: z.strictObject({ revision: revisionParameter }),
      query: z.strictObject(pageQuery),
      responses: {
        200: {
          description: "The change set",
          schema: changeSetDetailShape,
          example: { epoch: "5f0c1d2e3a4b5c6d", ...itemExample, changes: commitExample.changes },
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params, query }) => ({ body: await getChange(ctx, { ...params, ...query }) }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/history",
      operationId: "listHistory",
      policy: "entries.read",
      replica: "always",
      tag,
      summary: "The versions of one entry, newest first",
      query: z.strictObject({ kind: kindName, ...queryScope, key: keyShape, ...pageQuery }),
      responses: {
        200: {
          description: "Versions",
          schema: pageOf(historyItemShape),
          example: {
            items: [
              {
                version: 4,
                revision: 42,
                op: "put",
                value: 20,
                merge: "replace",
                committedAt: time,
                actor,
                message: "raise the pool",
              },
            ],
          },
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { query }) => ({ body: await listHistory(ctx, query) }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/diff",
      operationId: "diff",
      policy: "entries.read",
      replica: "always",
      tag,
      summary: "What differs between two revisions, or between two environments",
      description:
        "`from` and `to` compare the raw entries of two revisions. `fromEnvironment`, `toEnvironment` and `app` compare effective values, now or `at` a revision or time.",
      query: z.strictObject({
        from: revisionParameter.optional(),
        to: revisionParameter.optional(),
        app: appName.optional(),
        environment: environmentName.optional(),
        fromEnvironment: environmentName.optional(),
        toEnvironment: environmentName.optional(),
        at: pointInTime.optional(),
        ...pageQuery,
      }),
      responses: {
        200: {
          description: "Differences; between environments without `kind` and scope",
          schema: pageOf(z.union([diffItemShape, environmentDiffItemShape])),
          example: { items: [{ change: "changed", ...named, before: 10, after: 20 }] },
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { query }) => ({
      body:
        query.fromEnvironment === undefined && query.toEnvironment === undefined
          ? await diffRevisions(ctx, parseShape(betweenRevisions, query))
          : await diffEnvironments(
              ctx,
              parseShape(betweenEnvironments, { app: ctx.defaults.app, ...query }),
            ),
    }),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/rollback",
      operationId: "rollBack",
      policy: "entries.write",
      tag,
      summary: "Bring an entry, a scope or the whole deployment back to what it was",
      description:
        "A new change set with old values. Name `toRevision` (and `app` or `environment` for one scope), or an entry with `toVersion`.",
      body: {
        schema: rollbackShape,
        example: { toRevision: 40, message: "undo the pool size" },
      },
      headers: ["Idempotency-Key"],
      responses: commitResponses,
      errors: commitErrors,
    },
    async (ctx, { body }) => replyToCommit(await rollBackAs(ctx, body)),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/entries",
      operationId: "listEntries",
      policy: "entries.read",
      replica: "always",
      tag,
      summary: "The raw entries of one layer",
      description: "Without `app` and `environment` the global layer.",
      query: z.strictObject({
        kind: kindName.default("config"),
        ...queryScope,
        prefix: z.string().max(256).optional(),
        ...pageQuery,
      }),
      responses: {
        200: {
          description: "Entries",
          schema: pageOf(entryShape),
          example: {
            items: [
              {
                id: "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11",
                ...named,
                value: 20,
                merge: "replace",
                version: 4,
                revision: 42,
                updatedAt: time,
                updatedBy: actor.id,
              },
            ],
          },
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { query }) => ({ body: await listEntries(ctx, query) }),
  ),
];
