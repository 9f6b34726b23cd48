/** A process that sends to webhooks, and stands still where its parent says so. */
import ipaddr from "ipaddr.js";
import { createLogger } from "../../../../src/platform/log.ts";
import { connectSql } from "../../../../src/platform/sql.ts";
import { runDispatcher } from "../../../../workers/webhooks/run-dispatcher.ts";
import { createRequestSender } from "../../../../workers/webhooks/send-request.ts";

/** The settings of a sender, one by one in its environment. */
export interface SenderSettings {
  readonly DATABASE_URL: string;
  /** Before or after which request it stands still for ever; nowhere if empty. */
  readonly HOLD: "" | "before" | "after";
}

const { DATABASE_URL, HOLD } = process.env as unknown as SenderSettings;

const forever = new Promise<never>(() => {});
const stand = async (at: SenderSettings["HOLD"]): Promise<void> => {
  if (HOLD !== at) return;
  process.send?.(at);
  await forever;
};

const sender = createRequestSender({
  rules: { allowPrivate: [ipaddr.parseCIDR("127.0.0.0/8")], ports: [443] },
});
runDispatcher({
  connect: (max) => connectSql(DATABASE_URL, { max, longLived: true, name: "sender" }),
  sender: {
    async send(request) {
      await stand("before");
      const outcome = await sender.send(request);
      await stand("after");
      return outcome;
    },
  },
  version: "0.0.0",
  log: createLogger("info", (line) => process.stderr.write(`${line}\n`)),
  concurrency: 64,
  concurrencyPerEndpoint: 8,
});
process.on("disconnect", () => process.exit());
