import { z } from "zod";
import {
  actorShape,
  answerScope,
  answerValue,
  bodyScope,
  jsonValue,
  keyShape,
  timeShape,
} from "../http/common-shapes.ts";

const version = z.int("must be a whole number from 0").min(0, "must be a whole number from 0");

const kindName = z.string().min(1).max(64).meta({ description: "Kind", example: "config" });

const named = { kind: kindName, ...bodyScope, key: keyShape };

const expectedVersion = version.optional().meta({
  description: 'Lost (409) unless the entry has this version; 0 means "must not exist"',
});

const put = z
  .strictObject({
    op: z.literal("put"),
    ...named,
    value: jsonValue,
    schema: z
      .union([z.boolean(), z.record(z.string(), z.unknown())], "must be a JSON Schema or null")
      .nullish()
      .meta({ description: "JSON Schema 2020-12; absent keeps the entry's, null removes it" }),
    description: z.string().max(4_096).nullish(),
    merge: z.enum(["replace", "deep"]).optional().meta({
      description: "deep: an object is merged over the weaker layer's as RFC 7396 says",
    }),
    expectedVersion,
  })
  .meta({ id: "PutOperation" });

const remove = z
  .strictObject({ op: z.literal("delete"), ...named, expectedVersion })
  .meta({ id: "DeleteOperation" });

export const messageShape = z.string().max(2_000, "has more than 2000 characters");

export const changeSetShape = z
  .strictObject({
    message: messageShape.default("").meta({ description: "Why, for the history" }),
    expectedRevision: version.optional().meta({
      description: "Lost (409) only if an entry that the operations name has changed after it",
    }),
    dryRun: z.boolean().default(false).meta({ description: "Judge and preview, commit nothing" }),
    allowLargeChange: z.boolean().default(false).meta({
      description: "Needed to empty a layer, or to change most of a large one",
    }),
    operations: z
      .array(z.discriminatedUnion("op", [put, remove], 'must have an "op" of "put" or "delete"'))
      .min(1, "needs at least one operation"),
  })
  .meta({ id: "ChangeSet" });

const changeFields = {
  op: z.enum(["put", "delete"]),
  kind: z.string(),
  ...answerScope,
  key: z.string(),
  version: z.int(),
  before: answerValue.meta({ description: "null where there was none" }),
  after: answerValue.meta({ description: "null where there is none" }),
};

export const changeShape = z.object(changeFields).meta({ id: "Change" });

const effectiveChangeShape = z
  .object({ ...answerScope, key: z.string(), before: answerValue, after: answerValue })
  .meta({ id: "EffectiveChange", description: "What readers of (app, environment) see change" });

export const commitResultShape = z
  .object({
    revision: z.int().nullable().meta({ description: "null for a dry run" }),
    changes: z.array(changeShape),
    effective: z.array(effectiveChangeShape),
    effectiveTotal: z.int().meta({ description: "Of all, where `effective` is capped" }),
  })
  .meta({ id: "CommitResult" });

const changeSetHead = {
  revision: z.int(),
  message: z.string(),
  actor: actorShape,
  committedAt: timeShape,
  changeCount: z.int(),
};

export const changeSetItemShape = z.object(changeSetHead).meta({ id: "ChangeSetItem" });

export const changeSetDetailShape = z
  .object({
    epoch: z.string(),
    ...changeSetHead,
    changes: z.array(changeShape),
    nextCursor: z.string().optional(),
  })
  .meta({ id: "ChangeSetDetail" });

export const historyItemShape = z
  .object({
    version: z.int(),
    revision: z.int(),
    op: z.enum(["put", "delete"]),
    value: answerValue.meta({ description: "null for a delete" }),
    schema: z.unknown().optional(),
    description: z.string().optional(),
    merge: z.enum(["replace", "deep"]),
    committedAt: timeShape,
    actor: actorShape,
    message: z.string(),
  })
  .meta({ id: "HistoryItem" });

export const entryShape = z
  .object({
    id: z.string(),
    kind: z.string(),
    ...answerScope,
    key: z.string(),
    value: answerValue,
    schema: z.unknown().optional(),
    description: z.string().optional(),
    merge: z.enum(["replace", "deep"]),
    version: z.int(),
    revision: z.int(),
    updatedAt: timeShape,
    updatedBy: z.string(),
  })
  .meta({ id: "Entry" });

export const diffItemShape = z
  .object({
    change: z.enum(["added", "changed", "removed"]),
    kind: z.string(),
    ...answerScope,
    key: z.string(),
    before: answerValue.meta({ description: "null where there is none" }),
    after: answerValue.meta({ description: "null where there is none" }),
  })
  .meta({ id: "DiffItem" });

export const environmentDiffItemShape = z
  .object({
    change: z.enum(["added", "changed", "removed"]),
    key: z.string(),
    before: answerValue.meta({ description: "null where there is none" }),
    after: answerValue.meta({ description: "null where there is none" }),
  })
  .meta({ id: "EnvironmentDiffItem" });
