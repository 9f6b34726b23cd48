import { randomBytes } from "node:crypto";
import type { Ctx } from "../../context.ts";
import { requireStream } from "../require-stream.ts";
import type { StreamFilter } from "../stream-filter.ts";
import { ticketLifeMs } from "./ticket-book.ts";
import { writeTicket } from "./ticket-text.ts";

interface IssuedTicket {
  readonly ticket: string;
  readonly expiresAt: string;
}

/**
 * Makes a ticket, with which a browser opens a stream: it says what the caller may hear, and to whom it
 * belongs.
 *
 * @throws Problem `NOT_FOUND`, `UNAVAILABLE`
 */
export const issueTicket = async (
  ctx: Ctx,
  filter: StreamFilter,
  nowMs: number = Date.now(),
): Promise<IssuedTicket> => {
  await requireStream(ctx, filter);
  const secret = await ctx.tickets.secret(ctx.sql);
  const id = randomBytes(12).toString("base64url");
  const ticket = { id, keyId: ctx.actor.id, issuedAtMs: nowMs, filter };
  return {
    ticket: writeTicket(ticket, secret),
    expiresAt: earliest(new Date(nowMs + ticketLifeMs).toISOString(), ctx.expiresAt),
  };
};

/** A ticket ends with its key. */
const earliest = (one: string, other: string | null): string =>
  other !== null && Date.parse(other) < Date.parse(one) ? other : one;
