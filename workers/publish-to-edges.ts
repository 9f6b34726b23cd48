import type { ConfiguredEdge } from "../src/edge/configured-edges.ts";
import { createAccessPublisher } from "../src/edge/publish-access.ts";
import { createRemoteCache } from "../src/edge/remote-cache.ts";
import type { StateConsumer } from "../src/outbox/consumer.ts";
import { describeError, type Logger } from "../src/platform/log.ts";
import type { Sql } from "../src/platform/sql.ts";
import { layersConsumer } from "./layers-consumer.ts";

/** One consumer for each edge, so that one that is away holds up no other. */
export const edgeConsumers = (
  edges: readonly ConfiguredEdge[],
  kinds: readonly string[],
): readonly StateConsumer[] =>
  edges.map((edge) =>
    layersConsumer({ name: edge.consumer, cache: createRemoteCache(edge.connect()), kinds }),
  );

interface PublishOptions {
  readonly edge: ConfiguredEdge;
  readonly connect: () => Sql;
  readonly log: Logger;
}

/** Nothing announces a revoked key; it must be at every edge within two seconds. */
const everyMs = 400;
const requestTimeoutMs = 5_000;

/** Keeps the keys and roles of an edge up to date, until it is stopped. Any number of processes may. */
export const publishAccess = ({ connect, edge, log }: PublishOptions): (() => Promise<void>) => {
  const remote = edge.connect({ timeoutMs: requestTimeoutMs, attempts: 1 });
  const publisher = createAccessPublisher({ remote });
  let sql = connect();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isFailing = false;
  let isStopped = false;

  const round = async (): Promise<void> => {
    try {
      await publisher.publishOnce(sql);
      if (isFailing) log.info("keys reach an edge again", { edge: edge.host });
      isFailing = false;
    } catch (error) {
      if (!isFailing && !isStopped) {
        log.warn("keys do not reach an edge", { edge: edge.host, ...describeError(error) });
      }
      isFailing = true;
      // Whatever holds the connection up, a new one does not have it.
      void sql.end({ timeout: 0 });
      if (!isStopped) sql = connect();
    }
    if (!isStopped) timer = setTimeout(start, everyMs * (0.8 + 0.4 * Math.random()));
  };
  let running = Promise.resolve();
  const start = (): void => {
    running = round();
  };

  start();
  return async () => {
    isStopped = true;
    clearTimeout(timer);
    await Promise.race([running, patience()]);
    await sql.end({ timeout: 1 });
  };
};

const patience = (): Promise<void> =>
  new Promise((resume) => {
    setTimeout(resume, requestTimeoutMs).unref();
  });
