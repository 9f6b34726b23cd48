import type { NamedTargets } from "./references.ts";
import { type EntryState, entryGroupId, entryId, type LayerState, layerId } from "./state.ts";
import type { AcceptedChangeSet } from "./write-group.ts";

/** The rows that a group's accepted change sets make, as the write statement's JSON records. */

export const toChangeSetRow = ({ actor, message, result }: AcceptedChangeSet) => ({
  revision: result.revision,
  actor_type: actor.type,
  actor_id: actor.id,
  message,
  change_count: result.changes.length,
});

/** Every version; the last one of an entry is marked, since it becomes the current state. */
export const toVersionRows = (committed: readonly AcceptedChangeSet[]) => {
  const newest = new Map<string, EntryState>();
  for (const { entries } of committed) {
    for (const entry of entries) newest.set(entryId(entry), entry);
  }
  return committed.flatMap(({ entries }) =>
    entries.map((entry) => ({
      ...entry,
      newest: newest.get(entryId(entry)) === entry,
    })),
  );
};

export const newestLayers = (committed: readonly AcceptedChangeSet[]): LayerState[] => {
  const newest = new Map<string, LayerState>();
  for (const { layers } of committed) {
    for (const layer of layers) {
      newest.set(layerId(layer.kind, layer.app, layer.environment), layer);
    }
  }
  return [...newest.values()];
};

/** What each entry names when the whole group is written. */
export const newestTargets = (committed: readonly AcceptedChangeSet[]): NamedTargets[] => {
  const newest = new Map<string, NamedTargets>();
  for (const { named } of committed) {
    for (const one of named) newest.set(entryGroupId(one.kind, one.key), one);
  }
  return [...newest.values()];
};

export const toAppRows = ({ actor, createdApps }: AcceptedChangeSet) =>
  createdApps.map((name) => ({ name, created_by: actor.id }));

/** What changed, before and after, is in the history by revision: an audit row copies nothing. */
export const toAuditRow = ({
  action,
  actor,
  authentication,
  message,
  request,
  result,
}: AcceptedChangeSet) => ({
  actor_type: actor.type,
  actor_id: actor.id,
  authentication,
  action,
  revision: result.revision,
  request_id: request.id,
  address: request.address,
  user_agent: request.userAgent,
  detail: { message },
});

export const toIdempotencyRows = ({ actor, request, result }: AcceptedChangeSet) =>
  request.idempotency === undefined
    ? []
    : [
        {
          actor: actor.id,
          route: request.idempotency.route,
          key: request.idempotency.key,
          request_hash: request.idempotency.requestHash,
          result,
        },
      ];
