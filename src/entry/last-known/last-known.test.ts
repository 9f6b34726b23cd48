import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { newEpoch } from "../../../scripts/new-epoch.ts";
import { commit, put, remove } from "../../../test/helpers/change-sets.ts";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import { createApiKey } from "../../access/api-keys/create-api-key.ts";
import { revokeApiKey } from "../../access/api-keys/revoke-api-key.ts";
import { documentText } from "../../configs/read-texts.ts";
import type { Ctx, Deps } from "../../context.ts";
import { createLogger } from "../../platform/log.ts";
import { noMetrics } from "../../platform/metrics.ts";
import { parseSettings } from "../../platform/settings.ts";
import { createProcessState } from "../build-deps.ts";
import { createLastKnownKeeper, type LastKnownKeeper } from "./keep-last-known.ts";
import { readLastKnown } from "./read-last-known.ts";

const adminKey = "the-key-of-the-administrator";
const scope = { app: "pay", environment: "production" };

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;
let folder: string;
let lines: string[];
let running: Running;
let keeper: LastKnownKeeper;

type Running = Pick<Deps, "access"> & { readonly layers: NonNullable<Deps["layers"]> };

/** A process with nothing in memory. */
const createProcess = (): Running => {
  const { access, layers } = createProcessState(adminKey, noMetrics, parseSettings({}));
  if (layers === undefined) throw new Error("a process has layers");
  return { access, layers };
};

const log = createLogger("warn", (line) => lines.push(line));

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
  const schema = { type: "object" };
  await commit(
    ctx,
    put("a", { b: "ü", a: [1, null] }, { schema, description: "why" }),
    put("a", { c: 2 }, { ...scope, merge: "deep" }),
    put("gone", 1, { app: "pay" }),
    put("b", false, { environment: "production" }),
  );
  await commit(ctx, remove("gone", { app: "pay" }));
});

afterAll(() => database.drop());

beforeEach(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "fairlead-known-")), "last-known");
  lines = [];
  running = createProcess();
  keeper = createLastKnownKeeper({ ...running, folder, log });
  await running.access.syncOnce(database.sql);
  await running.layers.followOnce(database.sql);
  await running.layers.open(database.sql, { kind: "config", ...scope }, () => {});
});

afterEach(() => rm(join(folder, ".."), { recursive: true, force: true }));

const textOf = ({ layers }: Running): string => {
  const opened = layers.peek({ kind: "config", ...scope });
  const visible = ctx.permissions.keys("entries.read", "config", "pay", "production");
  return opened === undefined ? "nothing" : JSON.stringify(documentText(opened, scope, visible));
};

/** A process that has begun with what the first one left. */
const beginAnew = async (): Promise<Running> => {
  const { known } = await readLastKnown(folder, log);
  const next = createProcess();
  next.access.begin(known!.access);
  next.layers.begin(known!.layers);
  return next;
};

const viewer = {
  name: "x",
  grants: [{ role: "viewer", effect: "allow" as const }],
  defaults: scope,
};

describe("what was last known", () => {
  it("is read the same by the next process: layers, names, keys, roles", async () => {
    const [good, revoked] = [
      await createApiKey(ctx, { ...viewer, expiresAt: null }),
      await createApiKey(ctx, { ...viewer, expiresAt: null }),
    ];
    await revokeApiKey(ctx, revoked.id);
    await running.access.syncOnce(database.sql);
    expect(await keeper.keepOnce()).toEqual(["layers.ndjson", "access.ndjson", "state.ndjson"]);
    const next = await beginAnew();
    expect(textOf(next)).toBe(textOf(running));
    expect(next.layers.memory.point()).toEqual(running.layers.memory.point());
    expect(next.layers.memory.names()).toEqual(running.layers.memory.names());
    const nobody = undefined as never;
    expect(next.access.identify(nobody, good.key)).toMatchObject({ actor: { id: good.id } });
    expect(next.access.identify(nobody, adminKey)).toMatchObject({
      name: "bootstrap administrator",
    });
    expect(() => next.access.identify(nobody, revoked.key ?? "")).toThrow(/was revoked/);
    expect((await readLastKnown(folder, log)).used).toHaveLength(4);
  });

  it("goes on from there when PostgreSQL is back, without loading anything anew", async () => {
    await keeper.keepOnce();
    const next = await beginAnew();
    await commit(ctx, put("later", 1, scope));
    await next.layers.followOnce(database.sql);
    expect(textOf(next)).toContain("later");
    expect(next.layers.figures().misses).toBe(0);
    await commit(ctx, remove("later", scope));
  });

  it("holds no key, but hashes and grants; and only its owner can read it", async () => {
    const { key } = await createApiKey(ctx, { ...viewer, expiresAt: null });
    await running.access.syncOnce(database.sql);
    await keeper.keepOnce();
    const names = await readdir(folder);
    expect(names.toSorted()).toEqual(["access.ndjson", "layers.ndjson", "state.ndjson"]);
    for (const name of names) {
      const text = await readFile(join(folder, name), "utf8");
      for (const trace of [key, key.split("_")[2]!, adminKey]) expect(text).not.toContain(trace);
      expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600);
    }
  });

  it("says how old it is: since when nothing newer was known, not since when it was written", async () => {
    await keeper.keepOnce();
    const laterMs = () => Date.now() + 60_000;
    const { known } = await readLastKnown(folder, log, laterMs);
    expect(known?.layers.ageMs).toBeGreaterThanOrEqual(60_000);
    expect(known?.access.ageMs).toBeGreaterThanOrEqual(60_000);
    const next = await beginAnew();
    expect(next.layers.ageMs()).toBeGreaterThanOrEqual(running.layers.ageMs() - 50);
    // Nothing has changed, but it is known anew that it has not.
    await running.layers.followOnce(database.sql);
    await running.access.syncOnce(database.sql);
    expect(await keeper.keepOnce(true)).toEqual(["state.ndjson"]);
    const { known: renewed } = await readLastKnown(folder, log, laterMs);
    expect(renewed!.layers.ageMs).toBeLessThan(known!.layers.ageMs + 1_000);
    const younger = createProcess();
    younger.layers.begin(renewed!.layers);
    expect(younger.layers.ageMs()).toBeGreaterThanOrEqual(60_000);
  });

  it("is written again only where something has changed", async () => {
    await keeper.keepOnce();
    expect(await keeper.keepOnce()).toEqual([]);
    await createApiKey(ctx, { ...viewer, expiresAt: null });
    await running.access.syncOnce(database.sql);
    // Who may not any more must not wait; layers can.
    expect(await keeper.keepOnce()).toEqual(["access.ndjson", "state.ndjson"]);
    await commit(ctx, put("turn", 1));
    await running.layers.followOnce(database.sql);
    expect(await keeper.keepOnce()).toEqual([]);
    expect(await keeper.keepOnce(true)).toEqual(["layers.ndjson", "state.ndjson"]);
    await commit(ctx, remove("turn"));
  });

  it("is of one history, or is not used", async () => {
    await keeper.keepOnce();
    const old = await readFile(join(folder, "layers.ndjson"));
    await newEpoch(database.sql);
    await running.access.syncOnce(database.sql);
    expect(await keeper.keepOnce(true)).toEqual([]);
    await running.layers.followOnce(database.sql);
    await running.layers.open(database.sql, { kind: "config", ...scope }, () => {});
    await keeper.keepOnce(true);
    expect((await readLastKnown(folder, log)).known).toBeDefined();
    await writeFile(join(folder, "layers.ndjson"), old);
    expect((await readLastKnown(folder, log)).known).toBeUndefined();
  });

  it("is not used where it comes from the future", async () => {
    await keeper.keepOnce();
    const read = (byMs: number) => readLastKnown(folder, log, () => Date.now() - byMs);
    expect((await read(50_000)).known?.layers.ageMs).toBe(0);
    expect((await read(70_000)).known).toBeUndefined();
  });

  it.each(["layers.ndjson", "access.ndjson"])(
    "is not used where %s is damaged, and the log says so",
    async (name) => {
      await keeper.keepOnce();
      const text = await readFile(join(folder, name), "utf8");
      await writeFile(join(folder, name), text.replace("1", "2"));
      const { known, used } = await readLastKnown(folder, log);
      expect(known).toBeUndefined();
      expect(used).toHaveLength(4);
      expect(lines.map((line) => JSON.parse(line))).toMatchObject([
        { level: "warn", message: "what was last known cannot be read", file: name },
      ]);
    },
  );

  it("is used without the list of layers where that is damaged", async () => {
    await keeper.keepOnce();
    await writeFile(join(folder, "state.ndjson"), "{}\n");
    const { known, used } = await readLastKnown(folder, log);
    expect(known).toBeDefined();
    expect(used).toEqual([]);
    expect(lines).toHaveLength(1);
  });

  it("is nothing where nothing was written, and that is no news", async () => {
    expect(await readLastKnown(folder, log)).toEqual({ used: [], known: undefined });
    expect(lines).toEqual([]);
  });

  it("is of the 500 layers that were used last", async () => {
    const { layers } = running;
    const position = (index: number) => ({ kind: "config", app: `app-${index}`, environment: "" });
    for (let index = 0; index < 600; index += 1) {
      await layers.load(database.sql, [position(index)]);
    }
    for (let index = 599; index >= 0; index -= 1) layers.memory.view("config", `app-${index}`, "");
    await keeper.keepOnce();
    const { known, used } = await readLastKnown(folder, log);
    expect(used).toHaveLength(500);
    const apps = new Set(used.map(({ app }) => app));
    expect([apps.has("app-0"), apps.has("app-498"), apps.has("app-499")]).toEqual([
      true,
      true,
      false,
    ]);
    expect(known?.layers.layers.map(({ name }) => name)).toEqual(used);
  });
});
