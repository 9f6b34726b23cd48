import { z } from "zod";
import type { Json } from "../platform/json.ts";
import { keyPattern, scopeNamePattern } from "../platform/names.ts";
import { nameOrDefault } from "./scope-defaults.ts";

/** Any JSON value. That it is well-formed and within limits was checked while it was parsed. */
export const jsonValue = z
  .unknown()
  .refine((value) => value !== undefined, "is missing")
  .transform((value) => value as Json)
  .meta({ description: "Any JSON value" });

export const keyShape = z
  .string()
  .regex(keyPattern, `must match ${keyPattern.source}`)
  .meta({ description: "Entry key, case-sensitive", example: "db.pool.size" });

const scopeName = (what: string) =>
  z
    .string()
    .regex(scopeNamePattern, `must match ${scopeNamePattern.source}`)
    .meta({
      description: `${what}; leave it out for "all"`,
    });

export const appName = scopeName("App").meta({ example: "payments" });
export const environmentName = scopeName("Environment").meta({ example: "production" });

/** A scope in a body: absent means the key's default, null means "all", which is `''` inside. */
export const bodyScope = {
  app: appName.nullish().transform(nameOrDefault("app")),
  environment: environmentName.nullish().transform(nameOrDefault("environment")),
};

/** A scope in a query. */
export const queryScope = {
  app: appName.optional().transform(nameOrDefault("app")),
  environment: environmentName.optional().transform(nameOrDefault("environment")),
};

/** A scope in an answer. */
export const answerScope = {
  app: z.string().nullable(),
  environment: z.string().nullable(),
};

/** A whole number in a query or path, which arrives as text. */
const wholeNumber = (least: number, most: number, message: string) =>
  z
    .string()
    .regex(/^\d{1,15}$/, message)
    .transform(Number)
    .refine((number) => number >= least && number <= most, message);

export const revisionParameter = wholeNumber(
  0,
  Number.MAX_SAFE_INTEGER,
  "must be a revision: a whole number from 0",
).meta({ type: "integer", minimum: 0, example: 41 });

/** A boolean in a query: `true` or `false`, nothing else. */
export const booleanParameter = z.enum(["true", "false"]).transform((text) => text === "true");

export const pageQuery = {
  limit: wholeNumber(1, 500, "must be a number from 1 to 500")
    .optional()
    .transform((limit) => limit ?? 100)
    .meta({ type: "integer", minimum: 1, maximum: 500, default: 100 }),
  cursor: z.string().max(2_000).optional().meta({ description: "`nextCursor` of the page before" }),
};

/** The shape of every list. */
export const pageOf = (item: z.ZodType) =>
  z.object({ items: z.array(item), nextCursor: z.string().optional() });

export const actorShape = z.object({ type: z.string(), id: z.string() }).meta({ id: "Actor" });
export const timeShape = z
  .string()
  .meta({ format: "date-time", example: "2026-01-31T12:00:00.123456Z" });

/** PostgreSQL has no year 0, no offset of a day, and no end of patience with digits. */
const storableTime = /^(?!0000)[^.]{19}(\.\d{1,12})?(Z|[+-](0\d|1[0-3]):\d\d|[+-]14:00)$/;

const timeOr = (message: string) =>
  z.iso
    .datetime({ offset: true, message, abort: true })
    .regex(
      storableTime,
      "must be a time from the year 1 on, at most 14 hours from UTC, with at most 12 decimals",
    );

export const timeParameter = timeOr("must be an RFC 3339 time").meta({
  example: "2026-01-31T12:00:00Z",
});

const numberOrTime = (message: string) =>
  z.union([
    z
      .string()
      .regex(/^\d{1,15}$/, message)
      .transform(Number),
    timeOr(message),
  ]);

/** An id, or a time in RFC 3339. */
export const idOrTime = numberOrTime("must be an id or an RFC 3339 time");

/** A revision, or a time in RFC 3339. */
export const pointInTime = numberOrTime("must be a revision or an RFC 3339 time").meta({
  description: "Past state: a revision or an RFC 3339 time",
  example: "41",
});

/** How fresh a read must be. */
export const freshness = {
  minRevision: revisionParameter.optional().meta({
    description: "Answer nothing older; 412 where the deployment has not reached it",
  }),
  consistency: z.enum(["strong"]).optional().meta({ description: "Read from the primary" }),
};

/** A JSON value in an answer, always there. */
export const answerValue = z.unknown().nonoptional();
