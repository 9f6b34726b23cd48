import { idempotencyNames, replayOf } from "../changes/idempotency.ts";
import { lockCounter } from "../changes/lock-counter.ts";
import { readSnapshot } from "../changes/read-state.ts";
import { recordChange } from "../changes/record-change.ts";
import type { Ctx } from "../context.ts";
import { builtInRoleActions, type RoleActions } from "../permissions/roles.ts";
import type { Json } from "../platform/json.ts";
import type { Tx } from "../platform/sql.ts";
import { inTransaction } from "../platform/transaction.ts";
import { unknownKey } from "./store/access-store.ts";
import type { StoredRole } from "./store/read-access.ts";

interface AccessChange<Result> {
  /** What audit rows call it. */
  readonly action: string;
  /** Makes the change under the lock; answers what it is, and its audit row's detail. */
  readonly apply: (
    locked: LockedAccess,
  ) => Promise<{ readonly result: Result; readonly detail: Json }>;
}

interface LockedAccess {
  readonly tx: Tx;
  /** Of this change: every process takes in what has a newer version than it knows. */
  readonly version: number;
  readonly now: string;
  readonly roleActions: RoleActions;
}

/** Changes keys or roles, one change at a time, so that what it is judged by holds. */
export const commitAccessChange = async <Result extends object>(
  ctx: Ctx,
  { action, apply }: AccessChange<Result>,
): Promise<Result> => {
  const done = await inTransaction(ctx.sql, "read write", async (tx): Promise<Result> => {
    const version = await nextVersion(tx);
    await refuseRevokedActor(tx, ctx);
    // A follower of the audit log misses no row, because ids are given in the order of commits.
    await lockCounter(tx);
    const names = idempotencyNames(ctx);
    const query = { operations: [], idempotencyNames: names, catalogue: undefined };
    const { now, replays } = await readSnapshot(tx, query);
    const replay = replayOf(ctx, replays);
    if (replay !== undefined) return replay.result as Result;
    const roleActions = await readRoleActions(tx);
    const { detail, result } = await apply({ tx, version, now, roleActions });
    await recordChange(tx, ctx, { action, detail, result, now });
    return result;
  });
  // So that the process which made a change obeys it at once; it is committed whether this works or not.
  await ctx.access.syncAnew(ctx.sql).catch(() => {});
  return done;
};

const nextVersion = async (tx: Tx): Promise<number> => {
  const [row] = await tx<{ version: number }[]>`
    update fairlead.access_state set version = version + 1 returning version`;
  if (row === undefined) throw new Error("fairlead.access_state has no row");
  return row.version;
};

/** What this process knows may be two seconds old; what gives access away is judged by what holds now. */
const refuseRevokedActor = async (tx: Tx, { actor, authentication }: Ctx): Promise<void> => {
  if (authentication !== "api-key") return;
  const rows = await tx`
    select from fairlead.api_keys where id = ${actor.id} and revoked_at is not null`;
  if (rows.length > 0) throw unknownKey();
};

/** The actions of every role there is. */
export const readRoleActions = async (tx: Tx | Ctx["sql"]): Promise<RoleActions> => {
  const roles = await tx<
    StoredRole[]
  >`select name, to_json(actions) as actions from fairlead.roles`;
  return new Map([
    ...builtInRoleActions,
    ...roles.map(({ actions, name }) => [name, actions] as const),
  ]);
};
