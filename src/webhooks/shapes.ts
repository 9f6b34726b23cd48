import { z } from "zod";
import {
  answerScope,
  appName,
  bodyScope,
  environmentName,
  timeParameter,
  timeShape,
} from "../http/common-shapes.ts";
import { deliveryStates } from "./deliveries/delivery.ts";
import { isEventPattern } from "./event-types.ts";
import { ownHeadersShape } from "./own-headers.ts";
import { disabledReasons, formats, payloads, signatureKinds } from "./webhook.ts";

const uuid = (what: string) =>
  z
    .string()
    .regex(
      /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
      `must be the id of a ${what}: a UUID in lower case`,
    );

export const webhookId = uuid("webhook").meta({ example: "0b0e7c1e-5a51-4f0e-9d0a-2f8f3f0f6c11" });
export const deliveryId = uuid("delivery").meta({
  example: "5f0c1a2b-3c4d-4e5f-8a6b-7c8d9e0f1a2b",
});

const eventPattern = z
  .string()
  .max(200)
  .regex(/^[a-z0-9.*-]+$/, "must be an event's type, in which * may stand for any characters")
  .refine((pattern) => !pattern.includes("**"), "must not have two * in a row: one means the same")
  .refine((pattern) => pattern.split("*").length <= 9, "must not have more than 8 *")
  .refine(isEventPattern, "matches no event: types begin with dev.fairlead.");

const members = {
  url: z.string().min(1).max(2_048).meta({
    description: "https, on a port that the deployment allows; it may lead to no address inside",
  }),
  events: z
    .array(eventPattern)
    .min(1, "needs at least one type")
    .max(50)
    .refine((patterns) => new Set(patterns).size === patterns.length, "names a type twice")
    .meta({ description: "Types of events; `*` stands for any characters" }),
  prefix: z.string().max(256).meta({ description: "Only keys that begin so", example: "db." }),
  payload: z.enum(payloads).meta({
    description:
      "`full` adds the values before and after, as far as the webhook's owner may read them",
  }),
  format: z.enum(formats),
  description: z.string().max(1_000),
  signatures: z
    .array(z.enum(signatureKinds))
    .min(1)
    .max(2)
    .refine((kinds) => new Set(kinds).size === kinds.length, "names a signature twice")
    .meta({ description: "v1 is HMAC-SHA-256 with the secret, v1a Ed25519 with a key pair" }),
  enabled: z.boolean(),
};

export const newWebhookShape = z
  .strictObject({
    url: members.url,
    events: members.events,
    ...bodyScope,
    prefix: members.prefix.default(""),
    payload: members.payload.default("thin"),
    format: members.format.default("cloudevents"),
    description: members.description.default(""),
    headers: ownHeadersShape.default({}),
    signatures: members.signatures.default(["v1"]),
    enabled: members.enabled.default(true),
  })
  .meta({ id: "NewWebhook" });

/** Null is "all", and what is absent stays. */
const orAll = (name: string | null | undefined): string | undefined => (name === null ? "" : name);

export const webhookPatchShape = z
  .strictObject({
    url: members.url.optional(),
    events: members.events.optional(),
    app: appName.nullish().transform(orAll),
    environment: environmentName.nullish().transform(orAll),
    prefix: members.prefix.optional(),
    payload: members.payload.optional(),
    format: members.format.optional(),
    description: members.description.optional(),
    headers: ownHeadersShape.optional(),
    signatures: members.signatures.optional(),
    enabled: members.enabled.optional(),
  })
  .meta({ id: "WebhookPatch" });

export const webhookShape = z
  .object({
    id: z.string(),
    url: z.string(),
    events: z.array(z.string()),
    ...answerScope,
    prefix: z.string(),
    payload: z.enum(payloads),
    format: z.enum(formats),
    description: z.string(),
    headers: z.record(z.string(), z.literal("***")).meta({ description: "Values are not shown" }),
    signatures: z.array(z.enum(signatureKinds)),
    publicKey: z.string().nullable().meta({ description: "`whpk_…`, for v1a signatures" }),
    enabled: z.boolean(),
    disabledReason: z.enum(disabledReasons).nullable(),
    disabledAt: timeShape.nullable(),
    previousSecretUntil: timeShape.nullable().meta({
      description: "Until when the secret before a rotation signs as well",
    }),
    owner: z.string().meta({ description: "The key whose grants say what the webhook is told" }),
    createdAt: timeShape,
    updatedAt: timeShape,
    version: z.int(),
  })
  .meta({ id: "Webhook" });

export const toldWebhookShape = webhookShape
  .extend({ secret: z.string().meta({ description: "`whsec_…`, told this once" }) })
  .meta({ id: "WebhookWithSecret" });

export const rotationShape = z
  .strictObject({
    overlapSeconds: z.int().min(0).max(604_800).default(86_400).meta({
      description: "For how long the secret so far signs as well",
    }),
  })
  .meta({ id: "SecretRotation" });

export const sentTestShape = z
  .object({ deliveryId: z.string(), eventId: z.string() })
  .meta({ id: "SentTestEvent" });

export const stateShape = z.enum(deliveryStates);

export const deliveryShape = z
  .object({
    id: z.string().meta({ description: "The `webhook-id` of every attempt" }),
    eventId: z.string(),
    eventType: z.string(),
    revision: z.int().nullable(),
    state: stateShape,
    attempts: z.int(),
    interrupted: z.int().meta({
      description: "Attempts whose end nobody saw: those may have arrived",
    }),
    createdAt: timeShape,
    nextAttemptAt: timeShape.nullable(),
    startedAt: timeShape.nullable(),
    endedAt: timeShape.nullable(),
    status: z.int().nullable().meta({ description: "What the receiver answered last" }),
    error: z.string().nullable(),
    excerpt: z.string().nullable().meta({
      description: "The beginning of its answer; null too where you may not read what it was sent",
    }),
    durationMs: z.int().nullable(),
  })
  .meta({ id: "Delivery" });

export const deliveryDetailsShape = deliveryShape
  .extend({
    contentType: z.string(),
    body: z.string().nullable().meta({
      description: "What is sent; null where you may not read every entry that it is about",
    }),
  })
  .meta({ id: "DeliveryDetails" });

export const redeliveryShape = z
  .union([
    z.strictObject({ deliveryId }),
    z.strictObject({ sinceRevision: z.int().min(0) }),
    z.strictObject({ since: timeParameter }),
  ])
  .meta({ id: "Redelivery" });

export const redeliveredShape = z
  .object({ webhookId: z.string(), redelivered: z.int() })
  .meta({ id: "Redelivered" });
