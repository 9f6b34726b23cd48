import type { Actor, RequestInfo } from "../context.ts";
import { Problem } from "../errors.ts";

interface Requester {
  readonly actor: Actor;
  readonly request: RequestInfo;
}

/** What an Idempotency-Key is unique by. */
export interface IdempotencyName {
  readonly actor: string;
  readonly route: string;
  readonly key: string;
}

interface Replay {
  readonly requestHash: string;
  /** What the verb returned then. */
  readonly result: unknown;
}

/** A replay as the store holds it. */
export interface RecordedReplay extends IdempotencyName, Replay {}

/** The answers that Idempotency-Keys stand for: of earlier groups, and of this one so far. */
export interface Replays {
  find(requester: Requester): Replay | undefined;
  remember(requester: Requester, result: unknown): void;
}

/** The name of the key that a request came with, if it did. */
export const idempotencyNames = ({ actor, request }: Requester): IdempotencyName[] =>
  request.idempotency === undefined
    ? []
    : [{ actor: actor.id, route: request.idempotency.route, key: request.idempotency.key }];

export const toReplays = (recorded: readonly RecordedReplay[]): Replays => {
  const replays = new Map<string, Replay>(recorded.map((replay) => [nameId(replay), replay]));
  return {
    find: (requester) =>
      idempotencyNames(requester)
        .map((name) => replays.get(nameId(name)))
        .at(0),
    remember: (requester, result) => {
      const { requestHash = "" } = requester.request.idempotency ?? {};
      for (const name of idempotencyNames(requester)) {
        replays.set(nameId(name), { requestHash, result });
      }
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

const nameId = ({ actor, key, route }: IdempotencyName): string =>
  JSON.stringify([actor, route, key]);
