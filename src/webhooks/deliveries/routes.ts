import { z } from "zod";
import { pageOf, pageQuery, timeParameter } from "../../http/common-shapes.ts";
import { defineRoute, type Route } from "../../http/route.ts";
import { deliveryDetailsExample, deliveryExample, webhookExample } from "../examples.ts";
import {
  deliveryDetailsShape,
  deliveryId,
  deliveryShape,
  redeliveredShape,
  redeliveryShape,
  stateShape,
  webhookId,
} from "../shapes.ts";
import { getDelivery } from "./get-delivery.ts";
import { listDeliveries } from "./list-deliveries.ts";
import { redeliver } from "./redeliver.ts";

const tag = "Webhooks";
const params = z.strictObject({ id: webhookId });

export const deliveryRoutes: readonly Route[] = [
  defineRoute(
    {
      method: "get",
      path: "/v1/webhooks/{id}/deliveries",
      operationId: "listDeliveries",
      policy: "webhooks.read",
      tag,
      summary: "What a webhook was and is to be sent, newest first",
      params,
      query: z.strictObject({
        state: stateShape.optional(),
        eventType: z.string().max(200).optional().meta({ example: "dev.fairlead.change.v1" }),
        since: timeParameter.optional().meta({ description: "Those that were made then or later" }),
        ...pageQuery,
      }),
      responses: {
        200: {
          description: "Deliveries",
          schema: pageOf(deliveryShape),
          example: { items: [deliveryExample] },
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params: { id }, query }) => ({
      body: await listDeliveries(ctx, { webhookId: id, ...query }),
    }),
  ),
  defineRoute(
    {
      method: "get",
      path: "/v1/webhooks/{id}/deliveries/{deliveryId}",
      operationId: "getDelivery",
      policy: "webhooks.read",
      tag,
      summary: "One delivery, with its body",
      params: z.strictObject({ id: webhookId, deliveryId }),
      responses: {
        200: {
          description: "The delivery",
          schema: deliveryDetailsShape,
          example: deliveryDetailsExample,
        },
      },
      errors: ["NOT_FOUND"],
    },
    async (ctx, { params: { deliveryId: wanted, id } }) => ({
      body: await getDelivery(ctx, { webhookId: id, deliveryId: wanted }),
    }),
  ),
  defineRoute(
    {
      method: "post",
      path: "/v1/webhooks/{id}/redeliver",
      operationId: "redeliver",
      policy: "webhooks.write",
      tag,
      summary: "Send deliveries again",
      description:
        "One of them, or all that are kept from a revision or a time on, in their order and with their ids. Those that are being sent at this moment are left to that.",
      params,
      body: { schema: redeliveryShape, example: { sinceRevision: 40 } },
      headers: ["Idempotency-Key"],
      responses: {
        200: {
          description: "How many are sent again",
          schema: redeliveredShape,
          example: { webhookId: webhookExample.id, redelivered: 3 },
        },
      },
      errors: ["NOT_FOUND", "CONFLICT", "IDEMPOTENCY_KEY_REUSED"],
    },
    async (ctx, { body, params: { id } }) => ({ body: await redeliver(ctx, id, body) }),
  ),
];
