import { productKinds } from "../../src/app/product-kinds.ts";
import type { EventConsumer } from "../../src/outbox/consumer.ts";
import type { Logger } from "../../src/platform/log.ts";
import type { Settings } from "../../src/platform/settings.ts";
import { connectSql, type Sql } from "../../src/platform/sql.ts";
import { connectTcp } from "../../src/platform/tcp-socket.ts";
import { version } from "../../src/platform/version.ts";
import { outboundRules } from "../../src/webhooks/outbound/rules.ts";
import { runDispatcher } from "./run-dispatcher.ts";
import { createRequestSender } from "./send-request.ts";
import { webhooksConsumer } from "./webhooks-consumer.ts";

interface StartOptions {
  readonly databaseUrl: string;
  readonly settings: Settings;
  readonly log: Logger;
}

interface RunningWebhooks {
  /** What writes down what webhooks are owed; to be drained with the others. */
  readonly consumer: EventConsumer;
  readonly wake: () => void;
  readonly stop: () => Promise<void>;
}

/** Sends what webhooks are owed, until it is stopped. */
export const startWebhooks = ({ databaseUrl, log, settings }: StartOptions): RunningWebhooks => {
  const connect = (max: number): Sql =>
    connectSql(databaseUrl, {
      max,
      name: "fairlead-webhooks",
      longLived: true,
      createSocket: connectTcp,
    });
  const sql = connect(2);
  const sender = createRequestSender({ rules: outboundRules(settings) });
  const dispatcher = runDispatcher({
    connect,
    sender,
    version,
    log,
    concurrency: settings.webhookConcurrency,
    concurrencyPerEndpoint: settings.webhookConcurrencyPerEndpoint,
  });
  return {
    consumer: webhooksConsumer({ sql, kinds: productKinds(settings) }),
    wake: () => dispatcher.wake(),
    async stop() {
      await dispatcher.stop();
      await Promise.all([sender.close(), sql.end({ timeout: 1 })]);
    },
  };
};
