import type { Actor, RequestInfo } from "../context.ts";
import { Problem } from "../errors.ts";
import type { Tx } from "../platform/sql.ts";

interface Requester {
  readonly actor: Actor;
  readonly request: RequestInfo;
}

interface Replay {
  readonly requestHash: string;
  /** What the verb returned then. */
  readonly result: unknown;
}

/** The answers that Idempotency-Keys stand for: of earlier groups, and of this one so far. */
export interface Replays {
  find(requester: Requester): Replay | undefined;
  remember(requester: Requester, result: unknown): void;
}

/** Reads what the members' keys were used for. Under the counter's lock, so nobody is in between. */
export const findReplays = async (tx: Tx, requesters: readonly Requester[]): Promise<Replays> => {
  const names = requesters.flatMap(({ actor, request: { idempotency } }) =>
    idempotency === undefined
      ? []
      : [{ actor: actor.id, route: idempotency.route, key: idempotency.key }],
  );
  const rows = names.length === 0 ? [] : await readIdempotencyKeys(tx, names);
  const replays = new Map<string, Replay>();
  for (const { actor, route, key, ...replay } of rows) replays.set(id(actor, route, key), replay);
  return {
    find: ({ actor, request: { idempotency } }) =>
      idempotency === undefined
        ? undefined
        : replays.get(id(actor.id, idempotency.route, idempotency.key)),
    remember: ({ actor, request: { idempotency } }, result) => {
      if (idempotency === undefined) return;
      const { key, requestHash, route } = idempotency;
      replays.set(id(actor.id, route, key), { requestHash, result });
    },
  };
};

/**
 * What was recorded for this Idempotency-Key before. The route is part of the key, so it is a result
 * of the same verb.
 *
 * @throws Problem `IDEMPOTENCY_KEY_REUSED` where the body was another
 */
export const replayOf = (requester: Requester, replays: Replays): Replay | undefined => {
  const replay = replays.find(requester);
  if (replay === undefined) return undefined;
  if (replay.requestHash === requester.request.idempotency?.requestHash) return replay;
  throw new Problem(
    "IDEMPOTENCY_KEY_REUSED",
    "This Idempotency-Key was used on this route with another body.",
  );
};

const id = (actor: string, route: string, key: string): string =>
  JSON.stringify([actor, route, key]);

const readIdempotencyKeys = (
  tx: Tx,
  names: readonly { actor: string; route: string; key: string }[],
) => tx<({ actor: string; route: string; key: string } & Replay)[]>`
  select k.actor, k.route, k.key, k.request_hash as "requestHash", k.result
  from json_to_recordset(${JSON.stringify(names)}::text::json)
    as name(actor text, route text, key text)
  join fairlead.idempotency_keys k
    on k.actor = name.actor and k.route = name.route and k.key = name.key
  where k.created_at > clock_timestamp() - interval '24 hours'`;
