/** What the server answers about the outbox, as far as the command line reads it. */
import { z } from "zod";

const text = z.string().nullish();

const consumerShape = z.looseObject({
  name: z.string(),
  kind: z.string(),
  revision: z.number(),
  lagRevisions: z.number(),
  lagSeconds: z.number(),
  parked: z.number(),
  attempts: z.number(),
  lastError: text,
});

const parkedShape = z.looseObject({
  consumer: z.string(),
  revision: z.number(),
  attempts: z.number(),
  lastError: text,
  parkedAt: text,
  nextAttemptAt: text,
});

export const outboxShape = z.looseObject({
  revision: z.number(),
  retention: z.looseObject({ oldestRevision: z.number().nullish(), windowDays: z.number() }),
  consumers: z.array(consumerShape),
  items: z.array(parkedShape),
  nextCursor: text,
});

export const redrivenShape = z.looseObject({ consumer: z.string(), redriven: z.number() });
