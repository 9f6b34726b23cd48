/** What the server answers about webhooks, as far as the command line reads it. */
import { z } from "zod";

const text = z.string().nullish();

export const webhookShape = z.looseObject({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  app: text,
  environment: text,
  prefix: text,
  payload: text,
  format: text,
  description: text,
  headers: z.record(z.string(), z.string()).default({}),
  signatures: z.array(z.string()).default([]),
  publicKey: text,
  enabled: z.boolean(),
  disabledReason: text,
  disabledAt: text,
  previousSecretUntil: text,
  owner: text,
  createdAt: text,
  updatedAt: text,
});

export const toldWebhookShape = webhookShape.extend({ secret: z.string() });

export const sentTestShape = z.looseObject({ deliveryId: z.string(), eventId: z.string() });

export const deliveryShape = z.looseObject({
  id: z.string(),
  eventId: z.string(),
  eventType: z.string(),
  revision: z.number().nullish(),
  state: z.string(),
  attempts: z.number(),
  interrupted: z.number().nullish(),
  createdAt: text,
  nextAttemptAt: text,
  startedAt: text,
  endedAt: text,
  status: z.number().nullish(),
  error: text,
  excerpt: text,
  durationMs: z.number().nullish(),
});

export const deliveryDetailsShape = deliveryShape.extend({ contentType: text, body: text });

export const redeliveredShape = z.looseObject({ webhookId: z.string(), redelivered: z.number() });

export type Webhook = z.infer<typeof webhookShape>;
export type ToldWebhook = z.infer<typeof toldWebhookShape>;
