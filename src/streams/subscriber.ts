import type { Deps, Identity } from "../context.ts";
import type { Outlet } from "../http/live.ts";
import type { Audience } from "./change-event.ts";
import type { StreamGroup } from "./stream-groups.ts";

/** One client with its connection. */
export interface Subscriber extends Audience {
  readonly outlet: Outlet;
  readonly keyId: string;
  readonly deps: Pick<Deps, "log" | "sql">;
  identity: Identity;
  /** Up to where it has been told everything that is for it; of a member of a group, at least. */
  epoch: string;
  revision: number;
  /** While it is told of what happens; undefined while it catches up. */
  group: StreamGroup | undefined;
  /** Until it has gone, or is told to go. */
  isOpen: boolean;
}
