import { setImmediate as nextTurn } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { commit, put } from "../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../test/helpers/database.ts";
import type { ReceivedEvent } from "../../test/helpers/streams/recording-outlet.ts";
import { revisionOf } from "../../test/helpers/streams/recording-outlet.ts";
import {
  caughtUp,
  type StreamProcess,
  startStreamProcess,
} from "../../test/helpers/streams/stream-process.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(async () => {
  await database.drop();
});

const scopes = [{}, { environment: "production" }, { app: "pay" }, { app: "shop" }];
const position = { app: "pay", environment: "production" };
const clients = 20;
const revisions = 400;
const writers = 6;

/** A client that loses its connection time and again, and comes back to whichever process answers. */
const wander = async (processes: readonly StreamProcess[], prefix: string) => {
  const received: ReceivedEvent[] = [];
  let after: string | undefined;
  for (;;) {
    const process = processes[Math.floor(Math.random() * processes.length)]!;
    const current = process.open({ ...position, prefix, after });
    const turns = Math.floor(Math.random() * 60);
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
    if (process.ctx.layers!.memory.point().revision > revisions) return { received, current };
    current.leave();
    received.push(...current.received);
    after = current.received.at(-1)?.id ?? after;
  }
};

it("loses nothing and repeats nothing, however often connections are cut while writers commit", async () => {
  const processes = [
    await startStreamProcess(database.sql),
    await startStreamProcess(database.sql),
    // It learns of everything from the others.
    await startStreamProcess(database.sql),
  ];
  const [one, two] = processes as [StreamProcess, StreamProcess];
  let running = true;
  const follow = async (process: StreamProcess): Promise<void> => {
    while (running) {
      await process.follow();
      process.hub.beatOnce();
    }
  };
  const write = async (writer: number): Promise<void> => {
    for (let round = 0; running; round += 1) {
      const { ctx } = writer % 2 === 0 ? one : two;
      const key = `${round % 3 === 0 ? "db" : "mail"}.${writer}`;
      await commit(ctx, put(key, round, scopes[(writer + round) % scopes.length]));
    }
  };
  // Everybody has a place to come back to.
  await commit(
    one.ctx,
    put("db.begin", 0),
    put("mail.begin", 0, { app: "shop" }),
    put("x", 0, { app: "pay" }),
  );
  for (const process of processes) await process.follow();
  const working = [
    ...processes.map(follow),
    ...Array.from({ length: writers }, (_, w) => write(w)),
  ];
  const wandered = await Promise.all(
    Array.from({ length: clients }, (_, client) =>
      wander(processes, client % 2 === 0 ? "" : "db."),
    ),
  );
  running = false;
  await Promise.all(working);
  for (const process of processes) await process.follow();
  const { revision: newest } = one.ctx.layers!.memory.point();
  const relevant = await database.sql<{ revision: number; prefixed: boolean }[]>`
    select v.revision, bool_or(starts_with(v.key, 'db.')) as prefixed
    from fairlead.entry_versions v
    where v.app in ('', 'pay') and v.environment in ('', 'production')
    group by v.revision order by v.revision`;
  for (const [client, { current, received }] of wandered.entries()) {
    await caughtUp(processes, current, newest);
    const all = [...received, ...current.received];
    const start = revisionOf(all[0]!.id);
    expect(all.filter(({ event }) => event !== undefined && event !== "change")).toEqual([]);
    const ids = all.map(({ id }) => revisionOf(id));
    expect(ids).toEqual(ids.toSorted((a, b) => a - b));
    const told = all.filter(({ event }) => event === "change").map(({ id }) => revisionOf(id));
    const owed = relevant
      .filter(({ prefixed, revision }) => revision > start && (client % 2 === 0 || prefixed))
      .map(({ revision }) => revision);
    expect(told).toEqual(owed);
  }
});
