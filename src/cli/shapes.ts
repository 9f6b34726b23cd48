/** What the server answers, as far as the command line reads it; further members are let through. */
import { z } from "zod";

/** Null or absent means all apps, all environments. */
const scope = { app: z.string().nullish(), environment: z.string().nullish() };
const beforeAndAfter = { before: z.unknown().optional(), after: z.unknown().optional() };
const revision = z.number().int();

const changeShape = z.looseObject({
  op: z.string(),
  kind: z.string().optional(),
  ...scope,
  key: z.string(),
  version: z.number().nullish(),
  ...beforeAndAfter,
});

const effectiveShape = z.looseObject({ ...scope, key: z.string(), ...beforeAndAfter });

/** The answer to a change set. With `changeRequestId`, it waits for an approval instead. */
export const changeResultShape = z.looseObject({
  revision: revision.nullish(),
  changes: z.array(changeShape).default([]),
  effective: z.array(effectiveShape).default([]),
  effectiveTotal: z.number().optional(),
  changeRequestId: z.string().optional(),
});

export const valueShape = z.looseObject({
  key: z.string(),
  value: z.unknown(),
  revision: revision.optional(),
  layers: z
    .array(
      z.looseObject({
        ...scope,
        scope: z.looseObject(scope).optional(),
        value: z.unknown().optional(),
        version: z.number().nullish(),
        merge: z.string().nullish(),
        won: z.boolean().nullish(),
      }),
    )
    .optional(),
});

export const documentShape = z.looseObject({
  revision: revision.optional(),
  values: z.record(z.string(), z.unknown()),
});

export const entryShape = z.looseObject({ key: z.string(), value: z.unknown().optional() });

export const differenceShape = z.looseObject({
  change: z.enum(["added", "changed", "removed"]),
  ...scope,
  key: z.string(),
  ...beforeAndAfter,
});

const actor = z.looseObject({ type: z.string().optional(), id: z.string().nullish() }).nullish();
const commit = {
  revision,
  message: z.string().nullish(),
  actor,
  committedAt: z.string().optional(),
};

export const versionShape = z.looseObject({
  ...commit,
  version: z.number(),
  op: z.string(),
  value: z.unknown().optional(),
});

export const changeSetShape = z.looseObject({ ...commit, changeCount: z.number().optional() });

export const environmentShape = z.looseObject({
  name: z.string(),
  rank: z.number().optional(),
  protected: z.boolean().optional(),
});

export const appShape = z.looseObject({ name: z.string() });

export type Change = z.infer<typeof changeShape>;
export type ChangeResult = z.infer<typeof changeResultShape>;
export type Difference = z.infer<typeof differenceShape>;
