import { z } from "zod";
import { pageOf, pageQuery } from "../http/common-shapes.ts";
import { replyToRead, writeConditions } from "../http/conditional.ts";
import { defineRoute, type Route } from "../http/route.ts";
import { createWebhook } from "./create-webhook.ts";
import { deleteWebhook } from "./delete-webhook.ts";
import { deliveryRoutes } from "./deliveries/routes.ts";
import {
  deliveryExample,
  newWebhookExample,
  secretExample,
  webhookExample,
  webhookPatchExample,
} from "./examples.ts";
import { getWebhook } from "./get-webhook.ts";
import { listWebhooks } from "./list-webhooks.ts";
import { rotateSecret } from "./rotate-secret.ts";
import { sendTestEvent } from "./send-test-event.ts";
import {
  newWebhookShape,
  rotationShape,
  sentTestShape,
  toldWebhookShape,
  webhookId,
  webhookPatchShape,
  webhookShape,
} from "./shapes.ts";
import { updateWebhook } from "./update-webhook.ts";

const tag = "Webhooks";
const params = z.strictObject({ id: webhookId });

const answer = { description: "The webhook", schema: webhookShape, example: webhookExample };
const told = {
  description: "The webhook with its secret, told this once",
  schema: toldWebhookShape,
  example: { ...webhookExample, secret: secretExample },
};

export const webhookRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "post",
      path: "/v1/webhooks",
      operationId: "createWebhook",
      policy: "webhooks.write",
      tag,
      summary: "Have a URL called when something happens",
      description:
        "The secret is in this answer and nowhere else. What the webhook is told is what the key that makes it may read at that time.",
      body: { schema: newWebhookShape, example: newWebhookExample },
      headers: ["Idempotency-Key"],
      responses: { 201: told },
      errors: ["NOT_FOUND", "CONFLICT", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { body }) => {
      const { secret, tag: etag, webhook } = await createWebhook(ctx, body);
      const headers = { "cache-control": "no-store", etag };
      return { status: 201, body: { ...webhook, secret }, headers };
    },
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/webhooks",
      operationId: "listWebhooks",
      policy: "webhooks.read",
      tag,
      summary: "List webhooks, newest first",
      query: z.strictObject(pageQuery),
      responses: {
        200: {
          description: "Webhooks",
          schema: pageOf(webhookShape),
          example: { items: [webhookExample] },
        },
      },
      errors: [],
    },
    async (ctx, { query }) => ({ body: await listWebhooks(ctx, query) }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/webhooks/{id}",
      operationId: "getWebhook",
      policy: "webhooks.read",
      tag,
      summary: "One webhook",
      params,
      headers: ["If-Match", "If-None-Match"],
      responses: { 200: answer, 304: { description: "The client holds it already" } },
      errors: ["NOT_FOUND", "PRECONDITION_FAILED"],
    },
    async (ctx, { headers, params: { id } }) => {
      const { tag: etag, webhook } = await getWebhook(ctx, id);
      return replyToRead(headers, { tag: etag, body: webhook });
    },
  ),
  defineRoute(
    {
      method: "patch",
      path: "/v1/webhooks/{id}",
      operationId: "updateWebhook",
      policy: "webhooks.write",
      tag,
      summary: "Change a webhook",
      description:
        "What is left out stays. Its owner stays too: only who holds what the owner does can change more than the description and whether it is enabled. Where `url` leads to another origin, values of `headers` are not kept: give them anew, or `{}`.",
      params,
      body: { schema: webhookPatchShape, example: webhookPatchExample },
      headers: ["If-Match"],
      responses: { 200: answer },
      errors: ["NOT_FOUND", "CONFLICT", "PRECONDITION_FAILED"],
    },
    async (ctx, { body, headers, params: { id } }) => {
      const { ifMatch } = writeConditions(headers);
      const { tag: etag, webhook } = await updateWebhook(ctx, { id, patch: body, ifMatch });
      return { body: webhook, headers: { etag } };
    },
  ),
  defineRoute(
    {
      method: "delete",
      path: "/v1/webhooks/{id}",
      operationId: "deleteWebhook",
      policy: "webhooks.write",
      tag,
      summary: "Delete a webhook, with its deliveries",
      description: "A delivery that is under way may yet arrive.",
      params,
      responses: { 204: { description: "Deleted" } },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params: { id } }) => {
      await deleteWebhook(ctx, id);
      return { status: 204 };
    },
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/webhooks/{id}/test",
      operationId: "sendTestEvent",
      policy: "webhooks.write",
      tag,
      summary: "Send a webhook an event of type `dev.fairlead.webhook.test.v1`",
      params,
      headers: ["Idempotency-Key"],
      responses: {
        202: {
          description: "It will be sent at once",
          schema: sentTestShape,
          example: { deliveryId: deliveryExample.id, eventId: `test-${webhookExample.id}` },
        },
      },
      errors: ["NOT_FOUND", "CONFLICT", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { params: { id } }) => ({ status: 202, body: await sendTestEvent(ctx, id) }),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/webhooks/{id}/rotate-secret",
      operationId: "rotateWebhookSecret",
      policy: "webhooks.write",
      tag,
      summary: "Give a webhook another secret",
      description:
        "Only for who holds what the webhook's owner does. The secret so far signs as well until the overlap is over; until then another rotation needs `overlapSeconds` 0, which ends it at once.",
      params,
      body: { schema: rotationShape, example: { overlapSeconds: 86_400 } },
      headers: ["Idempotency-Key"],
      responses: { 200: told },
      errors: ["NOT_FOUND", "CONFLICT", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { body, params: { id } }) => {
      const { secret, tag: etag, webhook } = await rotateSecret(ctx, { id, ...body });
      const headers = { "cache-control": "no-store", etag };
      return { body: { ...webhook, secret }, headers };
    },
  ),
  ...deliveryRoutes,
];
