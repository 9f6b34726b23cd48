import { EventEmitter, once } from "node:events";
import type { Outcome } from "../../../workers/webhooks/outcome.ts";
import type { WebhookRequest } from "../../../workers/webhooks/send-request.ts";
import { delivered, fakeSender } from "./dispatching.ts";

/** A sender whose receivers answer when the test says so. */
export const heldSender = () => {
  const held = new Map<string, (outcome: Outcome) => void>();
  const news = new EventEmitter();
  const eventOf = ({ body }: WebhookRequest): string =>
    (JSON.parse(body) as { data: { event: string } }).data.event;
  const sender = fakeSender((request) => {
    const { promise, resolve } = Promise.withResolvers<Outcome>();
    held.set(eventOf(request), resolve);
    request.signal?.addEventListener("abort", () =>
      resolve({ ok: false, kind: "aborted", error: "given up", durationMs: 1, excerpt: "" }),
    );
    news.emit("news");
    return promise;
  });
  const arrives = async (count: number): Promise<void> => {
    while (sender.sent.length < count) await once(news, "news");
  };
  return {
    ...sender,
    arrives,
    sentEvents: () => sender.sent.map(eventOf),
    answer(event: string, outcome: Outcome = delivered) {
      held.get(event)?.(outcome);
    },
  };
};
