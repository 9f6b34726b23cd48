import type { Json } from "../platform/json.ts";

/** One entry's change as consumers get it; values are redacted by the entry's kind. */
export interface OutboxChange {
  readonly op: "put" | "delete";
  readonly kind: string;
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly version: number;
  readonly before: Json;
  readonly after: Json;
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
    readonly changes: readonly Omit<OutboxChange, "before" | "after">[];
  };
}

interface Committed {
  readonly epoch: string;
  readonly revision: number;
  readonly committedAt: string;
  readonly message: string;
  readonly changes: readonly OutboxChange[];
}

/** The row that a committed change set owes to the consumers. `changes` come redacted. */
export const outboxRow = ({ changes, committedAt, epoch, message, revision }: Committed): OutboxRow => ({
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
      data: {
        epoch,
        revision,
        message,
        changes: changes.map(({ op, kind, app, environment, key, version }) => ({
          op,
          kind,
          app,
          environment,
          key,
          version,
        })),
      },
    },
  ],
});
