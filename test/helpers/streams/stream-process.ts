import { setImmediate as nextTurn } from "node:timers/promises";
import type { Ctx, Identity } from "../../../src/context.ts";
import { buildDeps, createProcessState } from "../../../src/entry/build-deps.ts";
import type { Grant } from "../../../src/permissions/grant.ts";
import { createLogger } from "../../../src/platform/log.ts";
import { noMetrics } from "../../../src/platform/metrics.ts";
import { parseSettings } from "../../../src/platform/settings.ts";
import type { Sql } from "../../../src/platform/sql.ts";
import type { StreamFilter } from "../../../src/streams/stream-filter.ts";
import type { StreamHub } from "../../../src/streams/stream-hub.ts";
import { createTestContext, permissionsOf } from "../test-context.ts";
import { type RecordingOutlet, recordOutlet, revisionOf } from "./recording-outlet.ts";

interface OpenOptions extends Partial<StreamFilter> {
  readonly after?: string | undefined;
  readonly grants?: readonly Grant[];
  readonly identity?: Identity;
}

/** As much of an API process as has to do with streams. */
export interface StreamProcess {
  readonly ctx: Ctx;
  readonly hub: StreamHub;
  /** Opens a stream, by default of everything in the global layer for an administrator. */
  readonly open: (options?: OpenOptions) => RecordingOutlet;
  /** Learns what other processes have committed. */
  readonly follow: () => Promise<void>;
}

const administrator = "the-key-of-the-administrator";

/** Starts one on a database; it shares nothing else with others. */
export const startStreamProcess = async (
  sql: Sql,
  settings: Readonly<Record<string, string>> = {},
): Promise<StreamProcess> => {
  const parsed = parseSettings(settings);
  const state = createProcessState(administrator, noMetrics, parsed);
  const deps = buildDeps(
    sql,
    parsed,
    createLogger("warn", () => {}),
    state,
  );
  const ctx = { ...createTestContext(sql), ...deps };
  const { layers, streams: hub } = deps;
  if (hub === undefined || layers === undefined) throw new Error("a process without streams");
  await state.access.syncOnce(sql);
  await layers.followOnce(sql);
  return {
    ctx,
    hub,
    open({ after, grants, identity, ...filter } = {}) {
      const outlet = recordOutlet();
      const who =
        identity ?? (grants === undefined ? ctx : { ...ctx, permissions: permissionsOf(grants) });
      const wanted = { app: "", environment: "", prefix: "", values: false, ...filter };
      hub.open({ identity: who, filter: wanted, after, deps: { sql, log: ctx.log } }, outlet);
      return outlet;
    },
    async follow() {
      // The first may join a look that began before.
      await layers.followOnce(sql);
      await layers.followOnce(sql);
    },
  };
};

/** Waits until a client has been told of everything up to a revision. */
export const caughtUp = async (
  processes: readonly StreamProcess[],
  client: RecordingOutlet,
  revision: number,
): Promise<void> => {
  while (!client.received.some(({ id }) => revisionOf(id) >= revision)) {
    for (const { hub } of processes) hub.beatOnce();
    await nextTurn();
  }
};
