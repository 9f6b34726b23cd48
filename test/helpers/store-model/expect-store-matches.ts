import { expect } from "vitest";
import { diffRevisions } from "../../../src/changes/diff-revisions.ts";
import { getChange } from "../../../src/changes/get-change.ts";
import { listEntries } from "../../../src/changes/list-entries.ts";
import { listHistory } from "../../../src/changes/list-history.ts";
import { resolveRevision } from "../../../src/changes/revisions.ts";
import type { Ctx } from "../../../src/context.ts";
import { readLayers } from "../../../src/layers/read-layers.ts";
import type { LayerEntry } from "../../../src/layers/resolve.ts";
import { expectSoundStore } from "../expect-sound-store.ts";
import {
  byName,
  canonical,
  chainAt,
  idOf,
  liveAt,
  type ModelVersion,
  newestAt,
  positionsOf,
  type StoreModel,
  versionsOf,
} from "./model.ts";

/** Asks the store everything that it can be asked, and compares each answer with the model's. */
export const expectStoreMatches = async (ctx: Ctx, model: StoreModel): Promise<void> => {
  await expectSoundStore(ctx.sql);
  const revisions = [...model.changeSets.keys()].map((index) => index + 1);
  await Promise.all([
    expectVersions(ctx, model),
    ...[0, ...revisions].map((revision) => expectPast(ctx, model, revision)),
    expectPresent(ctx, model),
    expectChangeSets(ctx, model),
    expectHistories(ctx, model),
    expectDiffs(ctx, model),
    expectTimes(ctx),
  ]);
};

const expectVersions = async ({ sql }: Ctx, model: StoreModel): Promise<void> => {
  const rows = await sql<ModelVersion[]>`
    select kind, app, environment, key, version, revision, op, value, schema, description, merge
    from fairlead.entry_versions`;
  const inOrder = (versions: readonly object[]): string[] => versions.map(canonical).toSorted();
  const stored = model.versions.map(({ description, schema, ...rest }) => ({
    ...rest,
    schema: schema ?? null,
    description: description ?? null,
  }));
  expect(inOrder(rows)).toEqual(inOrder(stored));
};

const expectEntries = (found: readonly LayerEntry[], expected: readonly ModelVersion[]): void => {
  const id: unknown = expect.any(String);
  expect(found).toEqual(expected.map(({ kind: _kind, op: _op, ...entry }) => ({ id, ...entry })));
};

/** What every position reads at a past revision. */
const expectPast = async ({ sql }: Ctx, model: StoreModel, at: number): Promise<void> => {
  const live = liveAt(model, at);
  const reads = positionsOf(model).flatMap((position) =>
    ["config", "memo"].map(async (kind) => {
      const layers = await readLayers(sql, { kind, ...position, at });
      expectEntries(layers.entries, layersOf(live, kind, position));
    }),
  );
  await Promise.all(reads);
};

/** By key, and for each key weakest first. */
const layersOf = (
  live: readonly ModelVersion[],
  kind: string,
  position: { readonly app: string; readonly environment: string },
): ModelVersion[] =>
  [...new Set(live.map(({ key }) => key))]
    .toSorted()
    .flatMap((key) => chainAt(live, { ...position, kind, key }));

const expectPresent = async (ctx: Ctx, model: StoreModel): Promise<void> => {
  const live = liveAt(model);
  const ids = new Map<string, string>();
  const reads = positionsOf(model).map(async (position) => {
    const query = { kind: "config", ...position };
    const layers = await readLayers(ctx.sql, query);
    const expected = layersOf(live, "config", position);
    expectEntries(layers.entries, expected);
    expect(layers.revision).toBe(model.changeSets.length);
    // Deletes move a head too, so it is not what the live entries say.
    const scopes = model.versions.filter(
      ({ app, environment, kind }) =>
        kind === "config" &&
        ["", position.app].includes(app) &&
        ["", position.environment].includes(environment),
    );
    expect(layers.headRevision).toBe(scopes.at(-1)?.revision ?? 0);
    for (const entry of layers.entries) {
      const id = idOf({ kind: "config", ...entry });
      expect(ids.get(id) ?? entry.id).toBe(entry.id);
      ids.set(id, entry.id);
    }
    const of = { prefix: "bulk.1" };
    const prefixed = await readLayers(ctx.sql, { ...query, ...of });
    expect(prefixed.entries.map(({ key }) => key)).toEqual(
      expected.map(({ key }) => key).filter((key) => key.startsWith(of.prefix)),
    );
  });
  await Promise.all(reads);
  const { items } = await listEntries(ctx, { kind: "memo", limit: 500 });
  const memos = live.filter(({ kind }) => kind === "memo").toSorted(byName);
  expect(items.map(({ key, version }) => [key, version])).toEqual(
    memos.map(({ key, version }) => [key, version]),
  );
};

const expectChangeSets = async (ctx: Ctx, model: StoreModel): Promise<void> => {
  const audit = await ctx.sql`
    select a.revision, a.action, a.detail->>'message' as message, c.message as "ofChangeSet"
    from fairlead.audit_log a join fairlead.change_sets c on c.revision = a.revision
    order by a.revision`;
  expect([...audit]).toEqual(
    model.changeSets.map(({ action, message, revision }) => {
      return { revision, action, message, ofChangeSet: message };
    }),
  );
  const reads = model.changeSets.map(async ({ changes, message, revision }) => {
    const found = await getChange(ctx, { revision, limit: 500 });
    expect(found.message).toBe(message);
    expect(found.changeCount).toBe(changes.length);
    expect(found.changes.map(canonical).toSorted()).toEqual(changes.map(canonical).toSorted());
  });
  await Promise.all(reads);
};

const expectHistories = async (ctx: Ctx, model: StoreModel): Promise<void> => {
  const names = new Map(model.versions.map((version) => [idOf(version), version]));
  const reads = [...names.values()].map(async ({ app, environment, key, kind }) => {
    const name = { kind, app, environment, key };
    const { items } = await listHistory(ctx, { ...name, limit: 500 });
    const told = versionsOf(model, name).map(
      ({ app: _a, environment: _e, key: _k, kind: _i, ...version }) => ({
        ...version,
        actor: { type: "key", id: "tester" },
        committedAt: expect.any(String),
        message: model.changeSets[version.revision - 1]?.message,
      }),
    );
    expect(items).toEqual(told.toReversed());
  });
  await Promise.all(reads);
};

const expectDiffs = async (ctx: Ctx, model: StoreModel): Promise<void> => {
  const newest = model.changeSets.length;
  const middle = Math.floor(newest / 2);
  const pairs = [
    [0, newest],
    [newest, 0],
    [middle, newest],
    [newest, middle],
    [middle, middle],
    ...model.changeSets.map(({ revision }) => [revision - 1, revision]),
  ] as const;
  const reads = pairs.map(async ([from, to]) => {
    const { items } = await diffRevisions(ctx, { from, to, limit: 1000 });
    expect(items).toEqual(diffOf(model, from, to));
  });
  await Promise.all(reads);
};

const diffOf = (model: StoreModel, from: number, to: number): object[] => {
  const names = new Map(model.versions.map((version) => [idOf(version), version]));
  return [...names.values()].toSorted(byName).flatMap((name) => {
    const [before, after] = [from, to].map((revision) => {
      const version = newestAt(model, name, revision);
      return version?.op === "put" ? version : undefined;
    });
    const contentOf = (version: ModelVersion | undefined): string =>
      canonical(
        version && [
          version.value,
          version.schema ?? null,
          version.description ?? null,
          version.merge,
        ],
      );
    if (contentOf(before) === contentOf(after)) return [];
    return [
      {
        change: before === undefined ? "added" : after === undefined ? "removed" : "changed",
        kind: name.kind,
        app: name.app || null,
        environment: name.environment || null,
        key: name.key,
        before: before?.value ?? null,
        after: after?.value ?? null,
      },
    ];
  });
};

/** A time stands for the newest revision that was committed by then. */
const expectTimes = async ({ sql }: Ctx): Promise<void> => {
  const rows = await sql<{ newest: number; time: string }[]>`
    select max(revision) as newest, committed_at as time
    from fairlead.change_sets group by committed_at`;
  for (const { newest, time } of rows) expect(await resolveRevision(sql, time)).toBe(newest);
  expect(await resolveRevision(sql, "2000-01-01T00:00:00Z")).toBe(0);
};
