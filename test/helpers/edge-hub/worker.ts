/** A Worker whose hubs are the product's, and whose head authority does what a test says. */
import { DurableObject } from "cloudflare:workers";
import type {
  AccessChanges,
  AccessPoint,
  StoredKey,
} from "../../../src/access/store/read-access.ts";
import { hubNameOf } from "../../../src/edge/hub/hub-name.ts";
import type { HubTimes } from "../../../src/edge/hub/hub-process.ts";
import type { Bindings } from "../../../src/entry/edge/bindings.ts";
import { StreamHubObject } from "../../../src/entry/edge/stream-hub-object.ts";
import type { CommittedRevision, MemoryPoint } from "../../../src/layers/memory/layer-memory.ts";
import type { CommittedEntry } from "../../../src/layers/memory/memory-layer.ts";
import type { Committed } from "../../../src/layers/memory/read-committed.ts";
import type { AuthorityOrders, HubOrders } from "./orders.ts";

interface TestBindings extends Omit<Bindings, "HEADS" | "HUBS"> {
  readonly HUBS: DurableObjectNamespace<TestHub>;
  readonly HEADS: DurableObjectNamespace<TestAuthority>;
  readonly ALARM_MS?: string;
}

const maxRevisionsAtOnce = 500;
const maxChangesAtOnce = 10_000;

/** It stays in memory, and has nothing else. */
export class TestAuthority extends DurableObject<TestBindings> implements AuthorityOrders {
  #point: MemoryPoint = { epoch: "", revision: 0 };
  #names: Committed["names"];
  #log: CommittedRevision[] = [];
  #access: AccessChanges = { epoch: "", version: 0, roles: [], keys: [], whole: true };
  #isDeaf = false;
  #asked = 0;
  readonly #hubs = new Set<string>();

  begin(epoch: string, apps: readonly string[], environments: readonly string[]): void {
    this.#point = { epoch, revision: 1 };
    this.#log = [];
    this.#names = { version: 1, apps: new Set(apps), environments: new Set(environments) };
    this.#access = { ...this.#access, epoch };
    this.#wakeAll();
  }

  commit(sets: readonly (readonly CommittedEntry[])[]): number {
    for (const entries of sets) {
      const revision = this.#point.revision + 1;
      const committedAt = new Date().toISOString();
      const placed = entries.map((entry) => ({ ...entry, revision, version: revision }));
      this.#log.push({ revision, committedAt, message: "", entries: placed });
      this.#point = { ...this.#point, revision };
    }
    this.#wakeAll();
    return this.#point.revision;
  }

  forget(kept: number): void {
    this.#log = kept === 0 ? [] : this.#log.slice(-kept);
  }

  setKeys(keys: readonly StoredKey[], roles: NonNullable<AccessChanges["roles"]>): void {
    const { epoch, version } = this.#access;
    this.#access = { epoch, version: version + 1, roles, keys, whole: true };
    this.#wakeAll();
  }

  setDeaf(isDeaf: boolean): void {
    this.#isDeaf = isDeaf;
  }

  figures(): ReturnType<AuthorityOrders["figures"]> {
    return { hubs: this.#hubs.size, asked: this.#asked };
  }

  committed(point: MemoryPoint, namesVersion: number): Committed | undefined {
    this.#asked += 1;
    const { epoch, revision } = this.#point;
    const after = point.revision;
    const oldest = revision - this.#log.length;
    const follows = point.epoch === epoch && after >= oldest && after <= revision;
    const start = after - oldest;
    let changes = 0;
    const revisions = this.#log.slice(start, start + maxRevisionsAtOnce).filter(({ entries }) => {
      changes += entries.length;
      return changes - entries.length < maxChangesAtOnce;
    });
    return {
      newest: this.#point,
      run: follows ? { epoch, after, revisions } : undefined,
      names:
        this.#names?.version === namesVersion && epoch === point.epoch ? undefined : this.#names,
    };
  }

  readAccess(known: AccessPoint): AccessChanges {
    const { epoch, version } = this.#access;
    return epoch === known.epoch && version === known.version
      ? { ...this.#access, roles: null, keys: null, whole: false }
      : this.#access;
  }

  readHeads(): undefined {}

  readParts(): readonly undefined[] {
    return [];
  }

  joinHub(name: string): void {
    this.#hubs.add(name);
  }

  leaveHub(name: string): void {
    this.#hubs.delete(name);
  }

  #wakeAll(): void {
    const { HUBS } = this.env;
    if (this.#isDeaf) return;
    for (const name of this.#hubs)
      void HUBS.get(HUBS.idFromName(name))
        .wake()
        .catch(() => {});
  }
}

const lives: Record<string, number> = {};

export class TestHub extends StreamHubObject implements HubOrders {
  constructor(state: DurableObjectState, bindings: TestBindings) {
    super(state, bindings as unknown as Bindings);
    const name = state.id.name ?? "";
    lives[name] = (lives[name] ?? 0) + 1;
  }

  kill(): void {
    this.ctx.abort("killed by a test");
  }

  figures(): ReturnType<HubOrders["figures"]> {
    return this.streams.figures();
  }

  lives(): ReturnType<HubOrders["lives"]> {
    return lives;
  }

  protected override times(): HubTimes {
    const { ALARM_MS } = this.env as unknown as TestBindings;
    const times = { beatMs: 12_000, lookMs: 1_000, alarmMs: 8_000 };
    return ALARM_MS === undefined ? times : { ...times, alarmMs: Number(ALARM_MS) };
  }
}

/** What a test orders, and of whom: `["authority", "commit", …]`, or a hub by its name. */
const obey = async (request: Request, { HEADS, HUBS }: TestBindings): Promise<Response> => {
  const [whom, verb, ...given] = (await request.json()) as [string, string, ...unknown[]];
  const stub = (whom === "authority"
    ? HEADS.get(HEADS.idFromName("main"))
    : HUBS.get(HUBS.idFromName(whom))) as unknown as Record<
    string,
    (...given: unknown[]) => Promise<unknown>
  >;
  return Response.json({ answer: await stub[verb]?.(...given) });
};

export default {
  fetch(request: Request, bindings: TestBindings): Promise<Response> | Response {
    const { pathname } = new URL(request.url);
    if (pathname === "/ready") return new Response("ready");
    if (pathname === "/orders") return obey(request, bindings);
    const name = hubNameOf(request, { app: "", environment: "" });
    if (name === undefined) return new Response("no hub", { status: 404 });
    return bindings.HUBS.get(bindings.HUBS.idFromName(name)).fetch(request);
  },
};
