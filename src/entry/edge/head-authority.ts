import { DurableObject } from "cloudflare:workers";
import type { AccessPoint } from "../../access/store/read-access.ts";
import {
  type Authority,
  type AuthorityReply,
  createAuthority,
  type Permit,
} from "../../edge/authority/create-authority.ts";
import type { PartName } from "../../edge/document-parts.ts";
import type { Operation } from "../../edge/operations.ts";
import type { MemoryPoint } from "../../layers/memory/layer-memory.ts";
import type { LayerName } from "../../layers/memory/memory-layer.ts";
import type { Bindings } from "./bindings.ts";

/** How long a publisher waits for KV, and how soon what KV has not taken is tried again. */
const copyTimeoutMs = 2_000;
const alarmTimeoutMs = 60_000;
const copyAgainMs = 5_000;

/** The head authority as a Durable Object: its storage is SQLite, its copies are in KV. */
export class HeadAuthority extends DurableObject<Bindings> {
  readonly #authority: Authority;
  /** Then a publisher waits for it no longer. */
  #isStoreLate = false;

  constructor(ctx: DurableObjectState, env: Bindings) {
    super(ctx, env);
    const { storage } = ctx;
    this.#authority = createAuthority({
      sql: {
        exec: (query, ...parameters) => storage.sql.exec(query, ...parameters).toArray() as never[],
        transactionSync: (body) => storage.transactionSync(body),
      },
      store: env.LAYERS,
      wake: async (hub) => env.HUBS?.get(env.HUBS.idFromName(hub)).wake(),
    });
  }

  async perform(permit: Permit, operation: Operation): Promise<AuthorityReply> {
    const { isNews, ...reply } = this.#authority.perform(permit, operation);
    if (isNews) this.ctx.waitUntil(this.#authority.wakeOnce());
    if (this.#authority.isCopyOwed()) {
      const copying = this.#copy(copyTimeoutMs);
      this.ctx.waitUntil(copying);
      // KV remembers misses: what heads will name should be there. Nothing else waits for it.
      if (operation.op === "put" && !this.#isStoreLate) await copying;
    }
    return reply;
  }

  committed(point: MemoryPoint, namesVersion: number) {
    return this.#authority.committed(point, namesVersion);
  }

  readHeads(layers: readonly LayerName[]) {
    return this.#authority.readHeads(layers);
  }

  readParts(wanted: readonly PartName[]) {
    return this.#authority.readParts(wanted);
  }

  readAccess(known: AccessPoint) {
    return this.#authority.readAccess(known);
  }

  joinHub(name: string): void {
    this.#authority.joinHub(name);
  }

  leaveHub(name: string): void {
    this.#authority.leaveHub(name);
  }

  override async alarm(): Promise<void> {
    await this.#copy(alarmTimeoutMs);
  }

  /** Brings KV up to date, but waits no longer than a publisher can; the alarm sees to the rest. */
  async #copy(timeoutMs: number): Promise<void> {
    const { storage } = this.ctx;
    if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now() + copyAgainMs);
    const late = new Promise<true>((resume) => setTimeout(resume, timeoutMs, true));
    const done = this.#authority.copyOnce().then(
      () => false,
      () => false,
    );
    this.#isStoreLate = await Promise.race([done, late]);
    if (!this.#authority.isCopyOwed()) await storage.deleteAlarm();
  }
}
