/**
 * One entry's change as consumers get it. It names a version, and histories are append-only, so a
 * consumer that needs values reads them by version and redacts them by kind: no row copies a value.
 */
interface OutboxChange {
  readonly op: "put" | "delete";
  readonly kind: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly version: number;
}

/** The outbox row of one revision. */
export interface OutboxRow {
  readonly revision: number;
  readonly changes: readonly OutboxChange[];
  readonly events: readonly CloudEvent[];
}

/** CloudEvents 1.0, structured JSON. Its data lists what changed, without values. */
interface CloudEvent {
  readonly specversion: "1.0";
  readonly id: string;
  readonly source: string;
  readonly type: "dev.fairlead.change.v1";
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: {
    readonly epoch: string;
    readonly revision: number;
    readonly message: string;
    readonly changes: readonly OutboxChange[];
  };
}

interface Committed {
  readonly epoch: string;
  readonly revision: number;
  readonly committedAt: string;
  readonly message: string;
  readonly changes: readonly OutboxChange[];
}

/** The row that a committed change set owes to the consumers. */
export const outboxRow = (committed: Committed): OutboxRow => {
  const { committedAt, epoch, message, revision } = committed;
  const changes = committed.changes.map(({ op, kind, app, environment, key, version }) => ({
    op,
    kind,
    app,
    environment,
    key,
    version,
  }));
  return {
    revision,
    changes,
    events: [
      {
        specversion: "1.0",
        id: `${epoch}-${revision}`,
        source: "/fairlead",
        type: "dev.fairlead.change.v1",
        time: committedAt,
        datacontenttype: "application/json",
        data: { epoch, revision, message, changes },
      },
    ],
  };
};
