import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createAdaptorServer } from "@hono/node-server";
import { type Authority, createAuthority } from "../../../src/edge/authority/create-authority.ts";
import { handleInternal } from "../../../src/edge/handle-internal.ts";
import { createRemoteAuthority, type RemoteAuthority } from "../../../src/edge/remote-authority.ts";
import { createLogger } from "../../../src/platform/log.ts";
import { createFakeKv, type FakeKv } from "./fake-kv.ts";
import { openAuthoritySql } from "./open-authority-sql.ts";

export const publishSecret = "a-secret-of-publishers-and-edges-alone";

/** An edge as publishers see it: the real authority behind a real HTTP server. */
export interface TestEdge {
  readonly url: string;
  readonly kv: FakeKv;
  /** The hubs that were woken, in order. */
  readonly woken: string[];
  /** As its isolates and hubs have it; another one after `lose`. */
  authority(): Authority;
  /** As a publisher of its own reaches it. */
  connect(more?: Partial<Parameters<typeof createRemoteAuthority>[0]>): RemoteAuthority;
  /** Called for each request; where it answers, the authority is not asked. */
  intercept: (request: Request) => Promise<Response | undefined>;
  /** What a publisher gets of an answer. */
  answer: (response: Response) => Response;
  /** Loses all that the authority knows. */
  lose(): void;
  stop(): Promise<void>;
}

export const startEdge = async (nowMs: () => number = () => Date.now()): Promise<TestEdge> => {
  const kv = createFakeKv();
  const woken: string[] = [];
  const wake = async (hub: string): Promise<void> => {
    woken.push(hub);
  };
  const create = () => createAuthority({ sql: openAuthoritySql(), store: kv, wake, nowMs });
  let authority = create();
  const handle = async (request: Request): Promise<Response> => {
    const intercepted = await edge.intercept(request);
    if (intercepted !== undefined) return intercepted;
    const response = await handleInternal(request, {
      secret: publishSecret,
      log: createLogger("error", () => {}),
      nowMs,
      authority: {
        async perform(permit, operation) {
          const reply = authority.perform(permit, operation);
          await authority.copyOnce().catch(() => {});
          if (reply.isNews) await authority.wakeOnce();
          return reply;
        },
      },
    });
    return edge.answer(response);
  };
  const server = createAdaptorServer({ fetch: handle });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const edge: TestEdge = {
    url,
    kv,
    woken,
    authority: () => authority,
    connect: (more) => createRemoteAuthority({ url, secret: publishSecret, ...more }),
    intercept: async () => undefined,
    answer: (response) => response,
    lose() {
      authority = create();
    },
    async stop() {
      server.close();
      await once(server, "close");
    },
  };
  return edge;
};
