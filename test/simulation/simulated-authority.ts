import {
  type Authority,
  type AuthorityReads,
  createAuthority,
  type Permit,
} from "../../src/edge/authority/create-authority.ts";
import { operationShape } from "../../src/edge/operations.ts";
import type { MemoryPoint } from "../../src/layers/memory/layer-memory.ts";
import { openAuthoritySql } from "../helpers/edge/open-authority-sql.ts";
import { type Network, steadyTarget, type Target } from "./network.ts";
import type { SimulatedKv } from "./simulated-kv.ts";
import type { SimulatedTime } from "./simulated-time.ts";

interface AuthorityFigures {
  requests: number;
  operations: number;
  kills: number;
  moves: number;
  refusedMoves: number;
  fills: number;
}

/** The Durable Object in which heads move: its storage survives, all else of it does not. */
export interface SimulatedAuthority extends Target {
  readonly figures: AuthorityFigures;
  /** Asks it as a reader does. */
  reads(): AuthorityReads;
  /** Asks it as a publisher does, with the JSON of an operation; the token of the request is spent. */
  perform(body: string, permit: Permit): unknown;
  /** Ends it; it is back after some time. */
  kill(downMs: number): void;
  /** What it serves; undefined before anything was published and confirmed. */
  newest(): MemoryPoint | undefined;
  /** When it last was down. */
  downAtMs(): number;
  /** When it last was asked while it had not been told for some time that it has the newest. */
  unconfirmedAtMs(): number;
}

/** Publishers confirm every second what they find. */
const confirmedWithinMs = 4_000;
const copyAgainMs = 5_000;

export const createSimulatedAuthority = (
  network: Network,
  time: SimulatedTime,
  kv: SimulatedKv,
): SimulatedAuthority => {
  const figures = { requests: 0, operations: 0, kills: 0, moves: 0, refusedMoves: 0, fills: 0 };
  const sql = openAuthoritySql();
  const toKv = network.link({ oneWayMs: 15, lost: 0.01, late: 0.02 });
  let generation = 0;
  let downUntilMs = 0;
  let newest: MemoryPoint | undefined;
  let confirmedAtMs = Number.NEGATIVE_INFINITY;
  let unconfirmedAtMs = 0;
  const start = (): Authority => {
    const mine = generation;
    const store = copyStore(kv, toKv, () => mine === generation);
    return createAuthority({ sql, store, nowMs: () => time.nowMs(), wake: async () => {} });
  };
  let authority = start();
  const copy = copier(time, () => authority);
  const note = (): void => {
    const told = authority.committed({ epoch: "", revision: -1 }, -1);
    newest = told?.newest;
    confirmedAtMs = time.nowMs() - (told?.ageMs ?? Number.POSITIVE_INFINITY);
  };
  return {
    figures,
    reads() {
      figures.requests += 1;
      if (time.nowMs() - confirmedAtMs > confirmedWithinMs) unconfirmedAtMs = time.nowMs();
      return authority;
    },
    perform(body, permit) {
      figures.operations += 1;
      const operation = operationShape.parse(JSON.parse(body));
      if (permit.untilMs < time.nowMs()) throw new Error("the token has expired");
      const reply = authority.perform(permit, operation);
      if ("refusal" in reply) throw new Error(`${reply.refusal.code}: ${reply.refusal.detail}`);
      if (operation.op === "reset") figures.fills += 1;
      if (operation.op === "move" && !reply.isNews) figures.refusedMoves += 1;
      if (operation.op === "move" && reply.isNews) figures.moves += 1;
      if (operation.op === "move" || operation.op === "confirm") note();
      copy();
      return reply.answer ?? null;
    },
    isUp: () => time.nowMs() >= downUntilMs,
    generation: () => generation,
    kill(downMs) {
      figures.kills += 1;
      generation += 1;
      downUntilMs = time.nowMs() + downMs;
      authority = start();
    },
    newest: () => (Number.isFinite(confirmedAtMs) ? newest : undefined),
    downAtMs: () => downUntilMs,
    unconfirmedAtMs: () => unconfirmedAtMs,
  };
};

/** Has KV brought up to date after each operation, and by an alarm as long as something is left. */
const copier = (time: SimulatedTime, current: () => Authority): (() => void) => {
  let hasAlarm = false;
  const copy = (): void => {
    if (!current().isCopyOwed()) return;
    current()
      .copyOnce()
      .catch(() => {});
    if (hasAlarm) return;
    hasAlarm = true;
    time.after(copyAgainMs, () => {
      hasAlarm = false;
      copy();
    });
  };
  return copy;
};

/** KV as the authority writes to it; for one that was killed nothing comes back any more. */
const copyStore = (
  kv: SimulatedKv,
  toKv: ReturnType<Network["link"]>,
  isCurrent: () => boolean,
) => {
  const whileCurrent = async <Result>(operation: () => Result): Promise<Result> => {
    const result = await toKv.call(steadyTarget, operation);
    return isCurrent() ? result : new Promise(() => {});
  };
  return {
    get: (name: string) => whileCurrent(() => kv.read(-1, name) ?? null),
    put: (name: string, text: string) => whileCurrent(() => kv.put(name, text)),
    delete: (name: string) => whileCurrent(() => kv.remove(name)),
  };
};
