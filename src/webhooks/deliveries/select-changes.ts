import type { OutboxRow } from "../../outbox/outbox-row.ts";
import type { Recipient } from "./webhook-event.ts";

export type OutboxChange = OutboxRow["changes"][number];

/** A change that a webhook is told of. */
export interface SelectedChange {
  readonly change: OutboxChange;
  /** Whether its owner may read the entry itself, and so its values. */
  readonly isReadable: boolean;
}

/** Whether values of the kind are resolved over scopes, so that readers see those of wider ones. */
type IsResolved = (kind: string) => boolean;

/**
 * The changes of an event that concern a webhook and that its owner may know of. One in a wider scope
 * concerns whoever asked for a narrower one: it is theirs to know where they may read what it resolves
 * to, as on streams.
 */
export const selectChanges = (
  changes: readonly OutboxChange[],
  recipient: Pick<Recipient, "app" | "environment" | "prefix" | "permissions">,
  isResolved: IsResolved,
): readonly SelectedChange[] => {
  const { app, environment, permissions, prefix } = recipient;
  const may = (change: OutboxChange, ofApp: string, ofEnvironment: string): boolean =>
    permissions.keys("entries.read", change.kind, ofApp, ofEnvironment).allows(change.key);
  return changes.flatMap((change) => {
    if (!concerns(change, recipient) || !change.key.startsWith(prefix)) return [];
    const owner = change.app ?? "";
    const where = change.environment ?? "";
    const isReadable = may(change, owner, where);
    const isKnown =
      isReadable || (isResolved(change.kind) && may(change, app || owner, environment || where));
    return isKnown ? [{ change, isReadable }] : [];
  });
};

/** Whether a change is in the scope that somebody asked for, or in a wider one. */
export const concerns = (
  change: Pick<OutboxChange, "app" | "environment">,
  asked: Pick<Recipient, "app" | "environment">,
): boolean =>
  (asked.app === "" || change.app === null || change.app === asked.app) &&
  (asked.environment === "" ||
    change.environment === null ||
    change.environment === asked.environment);
