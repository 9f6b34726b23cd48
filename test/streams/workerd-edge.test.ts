import { afterAll, beforeAll, describe, expect } from "vitest";
import { bearer, type CreatedApiKey, eventually } from "../conformance/access-vocabulary.ts";
import type { Operation } from "../conformance/vocabulary.ts";
import { type Api, createApi, type HeadersOf, type Reply } from "../helpers/http-api.ts";
import { type EdgeUnderTest, startEdge } from "../helpers/start-edge.ts";
import { revokedKeys } from "./revoked-keys.ts";
import { sockets } from "./sockets.ts";
import { type StreamArea, streamSuite } from "./suite.ts";
import { tickets } from "./tickets.ts";
import { upgrades } from "./upgrades.ts";

const patienceMs = 40_000;

let running: EdgeUnderTest;

const start = async (): Promise<EdgeUnderTest> => {
  running = await startEdge({ MAX_STALENESS_MS: "4000" });
  return running;
};

const edge = createApi(
  () => running,
  () => {},
);
const origin = createApi(
  () => running.origin,
  () => {},
);

const untilAnswered = async (path: string, headers?: HeadersOf): Promise<void> => {
  await eventually(
    () => edge.get(path, headers),
    ({ status }) => status === 200,
    patienceMs,
  );
};

/** Talks to the origin; what it makes anew, the edge knows by the time that it is answered. */
const publishing = (): Api => {
  const known = new Set<string>();
  const untilKnown = async (path: string, body: unknown, reply: Reply): Promise<void> => {
    if (path === "/v1/api-keys") {
      await untilAnswered("/v1/whoami", bearer((reply.body as CreatedApiKey).key));
    }
    if (path !== "/v1/changes") return;
    const { operations } = body as { readonly operations: readonly Operation[] };
    const apps = new Set(operations.flatMap(({ app }) => app ?? []));
    for (const app of apps) {
      if (!known.has(app)) await untilAnswered(`/v1/config?app=${app}`);
      known.add(app);
    }
  };
  return {
    ...origin,
    async post<Body>(path: string, body: unknown, headers?: HeadersOf) {
      const reply = await origin.post<Body>(path, body, headers);
      if (reply.status === 201) await untilKnown(path, body, reply);
      return reply;
    },
  };
};

/** The origin answers who asks itself, and no edge: whatever streams, streams from a hub. */
const atHubs =
  (...areas: readonly StreamArea[]): StreamArea =>
  (_, server) => {
    describe("whose origin is away", () => {
      beforeAll(async () => {
        await untilAnswered("/v1/config");
        running.toOrigin.refuse();
        await expect(edge.post("/v1/changes", {})).resolves.toMatchObject({ status: 503 });
      });
      afterAll(() => running.toOrigin.pass());
      for (const area of areas) area(publishing(), server);
    });
  };

// An edge does not say goodbye, and holds more for who takes nothing: see docs/edge.md. Connections that are
// cut are those of test/edge/hub-crowd.test.ts.
streamSuite("workerd without a database", start, [
  tickets,
  sockets,
  upgrades,
  revokedKeys,
  atHubs(sockets, revokedKeys),
]);
