/** What the server answers about keys, roles and the audit log, as far as the command line reads it. */
import { z } from "zod";

const text = z.string().nullish();

const grantShape = z.looseObject({
  role: z.string(),
  effect: text,
  app: text,
  environment: text,
  kinds: z.array(z.string()).nullish(),
  keys: z.array(z.string()).nullish(),
});

const holder = {
  name: text,
  grants: z.array(grantShape).default([]),
  defaults: z.looseObject({ app: text, environment: text }).nullish(),
  expiresAt: text,
};

export const apiKeyShape = z.looseObject({
  id: z.string(),
  ...holder,
  state: text,
  createdAt: text,
  createdBy: text,
  lastUsedAt: text,
  revokedAt: text,
  revokedBy: text,
});

export const newApiKeyShape = apiKeyShape.extend({ key: z.string() });

const actorShape = z.looseObject({ type: text, id: text });

export const whoamiShape = z.looseObject({
  actor: actorShape,
  authentication: text,
  ...holder,
  actions: z.array(z.string()).default([]),
});

export const roleShape = z.looseObject({
  name: z.string(),
  description: text,
  actions: z.array(z.string()).default([]),
  builtIn: z.boolean().nullish(),
});

const auditId = z.union([z.string(), z.number()]);

export const auditRowShape = z.looseObject({
  id: auditId,
  at: z.string(),
  actor: actorShape.nullish(),
  action: z.string(),
  revision: z.number().nullish(),
  count: z.number().nullish(),
  address: text,
  detail: z.unknown().optional(),
});

/** The answer 204. */
export const nothingShape = z.undefined();

export type Role = z.infer<typeof roleShape>;
export type ApiKey = z.infer<typeof apiKeyShape>;
