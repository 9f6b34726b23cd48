import { describe, expect, it } from "vitest";
import { checkHistory } from "./check-history.ts";
import type {
  History,
  ReadRecord,
  Rule,
  StoredChange,
  StreamStep,
  WriteRecord,
} from "./history.ts";

const global = { app: "", environment: "" };
const shop = { app: "shop", environment: "" };
const epoch = "00000000000000aa";

const stored = (
  revision: number,
  version: number,
  value?: string,
  scope = global,
): StoredChange => ({
  ...scope,
  revision,
  key: "a.0",
  version,
  ...(value === undefined ? {} : { value }),
});

const write = (number: number, more: Partial<WriteRecord> = {}): WriteRecord => ({
  token: `run/0/${number}`,
  startMs: number * 10,
  endMs: number * 10 + 5,
  operations: [{ op: "put", ...global, key: "a.0", value: `run/0/${number} x` }],
  outcome: { kind: "acknowledged", revision: 10 + number, versions: [number + 1] },
  ...more,
});

const read = (more: Partial<ReadRecord>): ReadRecord => ({
  ...shop,
  connection: 1,
  startMs: 100,
  endMs: 101,
  mode: "default",
  isStale: false,
  status: 200,
  revision: 13,
  values: { "a.0": "run/0/3 x" },
  ...more,
});

const step = (revision: number, more: Partial<StreamStep> = {}): StreamStep => ({
  event: "change",
  epoch,
  revision,
  changes: [{ op: "put", ...global, key: "a.0", version: revision - 9 }],
  ...more,
});

const opened = step(10, { event: undefined, changes: [] });

/** Three writes of one key after revision 10, and everything as it should be. */
const good: History = {
  run: "run",
  settled: 13,
  maxStalenessMs: 1_000,
  mayReset: false,
  store: {
    base: { revision: 10, entries: [{ ...global, key: "a.0", version: 1, value: "before" }] },
    newest: 13,
    revisions: [11, 12, 13],
    log: [1, 2, 3].map((number) => stored(10 + number, number + 1, `run/0/${number} x`)),
  },
  writes: [write(1), write(2), write(3)],
  reads: [
    read({ startMs: 12, revision: 10, endMs: 30, values: { "a.0": "before" } }),
    read({ startMs: 32, mode: "strong", revision: 12, values: { "a.0": "run/0/2 x" } }),
    read({ startMs: 40, minRevision: 13, mode: "minRevision", one: { key: "a.0", version: 4 } }),
    read({ startMs: 50, status: 503, values: {} }),
    read({ connection: 2, startMs: 1_030, revision: 12, values: { "a.0": "run/0/2 x" } }),
    read({
      connection: 2,
      startMs: 1_100,
      isStale: true,
      revision: 12,
      values: { "a.0": "run/0/2 x" },
    }),
  ],
  streams: [
    {
      filter: { ...shop, prefix: "a.", values: false },
      steps: [opened, step(11), step(12), step(13)],
    },
  ],
  cache: [
    {
      kind: "set",
      revision: 12,
      layers: [{ ...global, entries: [{ ...global, key: "a.0", version: 3, value: "run/0/2 x" }] }],
    },
  ],
  effects: {
    events: [11, 12, 12, 13],
    copy: 13,
    cache: {
      kind: "set",
      revision: 13,
      layers: [{ ...global, entries: [{ ...global, key: "a.0", version: 4, value: "run/0/3 x" }] }],
    },
  },
};

const withStore = (more: Partial<History["store"]>): Partial<History> => ({
  store: { ...good.store, ...more },
});

const withSteps = (...steps: StreamStep[]): Partial<History> => ({
  streams: [{ filter: { ...shop, prefix: "a.", values: false }, steps }],
});

const withValue = (value: string | null): Partial<History> => ({
  streams: [
    {
      filter: { ...shop, prefix: "", values: true },
      steps: [
        opened,
        step(11, { changes: [{ ...step(11).changes[0]!, value: "run/0/1 x" }] }),
        step(12, { changes: [{ ...step(12).changes[0]!, value }] }),
        step(13, { changes: [{ ...step(13).changes[0]!, value: "run/0/3 x" }] }),
      ],
    },
  ],
});

const reset = step(12, { event: "reset", changes: [] });

const bad: Readonly<Record<string, readonly [Rule, Partial<History>]>> = {
  "a revision that is missing": ["the store has no gap", withStore({ revisions: [11, 13] })],
  "a version that is used twice": [
    "the store has no gap",
    withStore({ log: [...good.store.log.slice(0, 2), stored(13, 3, "run/0/3 x")] }),
  ],
  "a write that was acknowledged and is not there": [
    "a write happens once and whole, as it was acknowledged",
    { writes: [...good.writes, write(4)] },
  ],
  "a write that nobody made": [
    "a write happens once and whole, as it was acknowledged",
    { writes: good.writes.slice(0, 2) },
  ],
  "a write that was refused and happened": [
    "a write happens once and whole, as it was acknowledged",
    { writes: [write(1), write(2), write(3, { outcome: { kind: "refused", status: 409 } })] },
  ],
  "a write that is refused for no reason": [
    "a write happens once and whole, as it was acknowledged",
    { writes: [...good.writes, write(4, { outcome: { kind: "refused", status: 409 } })] },
  ],
  "a write that happened twice": [
    "a write happens once and whole, as it was acknowledged",
    withStore({
      newest: 14,
      revisions: [11, 12, 13, 14],
      log: [...good.store.log, stored(14, 5, "run/0/3 x")],
    }),
  ],
  "a write of which a part is missing": [
    "a write happens once and whole, as it was acknowledged",
    {
      writes: [
        write(1),
        write(2),
        write(3, {
          operations: [...write(3).operations, { op: "delete", ...shop, key: "a.1" }],
        }),
      ],
    },
  ],
  "a write that compared with another version": [
    "a write happens once and whole, as it was acknowledged",
    {
      writes: [
        write(1),
        write(2),
        write(3, { operations: [{ ...write(3).operations[0]!, expectedVersion: 2 }] }),
      ],
    },
  ],
  "a write that was told another revision": [
    "a write happens once and whole, as it was acknowledged",
    {
      writes: [
        write(1),
        write(2),
        write(3, { outcome: { kind: "acknowledged", revision: 12, versions: [4] } }),
      ],
    },
  ],
  "a write that comes before what was known when it began": [
    "a write happens once and whole, as it was acknowledged",
    { writes: [write(1), write(2, { startMs: 40, endMs: 41 }), write(3)] },
  ],
  "a read that fails": ["an answer is 200 or 503", { reads: [read({ status: 412 })] }],
  "a read of an older state than it says": [
    "a read shows the state at its revision",
    { reads: [read({ values: { "a.0": "run/0/2 x" } })] },
  ],
  "a read of a newer state than it says": [
    "a read shows the state at its revision",
    { reads: [read({ revision: 12 })] },
  ],
  "a read with a key too few": [
    "a read shows the state at its revision",
    { reads: [read({ values: {} })] },
  ],
  "a read of one key with another version": [
    "a read shows the state at its revision",
    { reads: [read({ one: { key: "a.0", version: 3 } })] },
  ],
  "a strong read that misses what was acknowledged before it": [
    "a strong read is not older than what was known before it",
    { reads: [read({ mode: "strong", revision: 12, values: { "a.0": "run/0/2 x" } })] },
  ],
  "a strong read that misses what another read has shown": [
    "a strong read is not older than what was known before it",
    {
      writes: [write(1), write(2), write(3, { outcome: { kind: "unknown" } })],
      reads: [
        read({ startMs: 30, endMs: 31 }),
        read({ connection: 2, mode: "strong", revision: 12, values: { "a.0": "run/0/2 x" } }),
      ],
    },
  ],
  "a read older than minRevision": [
    "a read with minRevision is not older",
    {
      reads: [
        read({
          mode: "minRevision",
          minRevision: 13,
          revision: 12,
          values: { "a.0": "run/0/2 x" },
        }),
      ],
    },
  ],
  "a read that is older than promised and does not say so": [
    "a read older than promised says so",
    { reads: [read({ startMs: 1_040, revision: 12, values: { "a.0": "run/0/2 x" } })] },
  ],
  "a connection that goes back": [
    "no connection goes back",
    { reads: [read({}), read({ revision: 12, values: { "a.0": "run/0/2 x" } })] },
  ],
  "a stream that leaves out an event": [
    "a stream has no gap",
    withSteps(opened, step(11), step(13)),
  ],
  "a stream whose id goes past an event": [
    "a stream has no gap",
    withSteps(opened, step(11), step(12, { event: undefined, changes: [] }), step(13)),
  ],
  "a stream that ends too early": ["a stream has no gap", withSteps(opened, step(11), step(12))],
  "a stream that repeats an event": [
    "no connection goes back",
    withSteps(opened, step(11), step(12), step(12), step(13)),
  ],
  "a stream that goes back": [
    "no connection goes back",
    withSteps(opened, step(11), step(12), step(11), step(13)),
  ],
  "a reset without need": [
    "a stream is not reset without need",
    withSteps(opened, reset, step(13)),
  ],
  "an event with another version": [
    "a stream has no gap",
    withSteps(opened, step(11), step(12, { changes: step(11).changes }), step(13)),
  ],
  "an event with an older value": ["a stream has no gap", withValue("run/0/1 x")],
  "an event with a value that never was": ["a stream has no gap", withValue(null)],
  "a head without its document": [
    "the shared cache is whole",
    { cache: [{ kind: "broken", detail: "it is not there" }] },
  ],
  "a cache with another state than its point says": [
    "the shared cache is whole",
    { cache: [{ ...good.cache[0]!, revision: 11 } as History["cache"][number]] },
  ],
  "a cache that is left behind": [
    "a consumer's effects are complete",
    { effects: { ...good.effects, cache: good.cache[0]! } },
  ],
  "an event that a consumer never took": [
    "a consumer's effects are complete",
    { effects: { ...good.effects, events: [11, 13] } },
  ],
  "events out of order": [
    "a consumer's effects are complete",
    { effects: { ...good.effects, events: [12, 11, 13] } },
  ],
  "a copy that is left behind": [
    "a consumer's effects are complete",
    { effects: { ...good.effects, copy: 12 } },
  ],
};

describe("the checker of histories", () => {
  it("finds nothing where every promise was kept", () => {
    expect(checkHistory(good)).toEqual([]);
  });

  it.each([
    ["a write that nobody knows about, which happened", { kind: "unknown" }],
    ["one that was refused, which did not", { kind: "refused", status: 409 }],
  ] as const)("takes %s, for what it is", (_, outcome) => {
    const happened = outcome.kind === "unknown" ? 3 : 4;
    const writes = [1, 2, 3, 4]
      .map((number) => write(number))
      .map((one, index) => ({
        ...one,
        operations: [{ ...one.operations[0]!, expectedVersion: index + 1 }],
      }))
      .map((one, index) => (index + 1 === happened ? { ...one, outcome } : one))
      .slice(0, Math.max(3, happened));
    expect(checkHistory({ ...good, writes })).toEqual([]);
  });

  it("takes a reset in place of events where there was reason for one", () => {
    const history = { ...good, mayReset: true, ...withSteps(opened, reset, step(13)) };
    expect(checkHistory(history)).toEqual([]);
  });

  it("takes a value that is newer than its event", () => {
    expect(checkHistory({ ...good, ...withValue("run/0/3 x") })).toEqual([]);
  });

  it.each(Object.entries(bad))("finds %s", (_, [rule, more]) => {
    const rules = checkHistory({ ...good, ...more }).map((violation) => violation.rule);
    expect(rules).toContain(rule);
  });
});
