import type { Identity } from "../../context.ts";
import type { Outlet } from "../../http/live.ts";
import type { KeyFilter } from "../../permissions/key-filter.ts";
import type { Held } from "./held.ts";

/** A runtime with its connection. */
export interface RuntimeSubscriber {
  readonly runtime: string;
  readonly keyId: string;
  readonly outlet: Outlet;
  /** What its events' ids begin with: unlike that of every other stream. */
  readonly streamId: string;
  /** Counts its events. */
  events: number;
  identity: Identity;
  /** Attestations whose specs it may lease. */
  readonly keys: KeyFilter;
  /** What it knows that it holds; undefined until it is told to read. */
  told: Held | undefined;
  /** Until it has gone, or is told to go. */
  isOpen: boolean;
}
