import type { Deps, Identity } from "../../context.ts";
import { Problem } from "../../errors.ts";
import { isUnavailable, unavailable } from "../../platform/sql.ts";
import { type TicketBook, ticketLifeMs } from "./ticket-book.ts";
import { type Ticket, verifyTicket } from "./ticket-text.ts";

/** How soon after it was made a ticket must be used. */
const firstUseWithinMs = 60_000;

/**
 * Who opens a stream with a ticket: the holder of the key that it was made with.
 *
 * @throws Problem `UNAUTHENTICATED`, `UNAVAILABLE`
 */
export const redeemTicket = async (
  { access, sql, tickets: book }: Pick<Deps, "access" | "sql" | "tickets">,
  text: string,
  nowMs: number = Date.now(),
): Promise<Identity> => {
  try {
    const ticket = verifyTicket(text, await book.secret(sql));
    if (ticket === undefined) throw unknownTicket();
    const holder = await access.holderOf(sql, ticket.keyId);
    if (!(await isGood({ sql, book, ticket, nowMs }))) throw unknownTicket();
    return holder;
  } catch (error) {
    throw isUnavailable(error) ? unavailable(error) : error;
  }
};

const isGood = async ({
  book,
  nowMs,
  sql,
  ticket,
}: {
  readonly sql: Deps["sql"];
  readonly book: TicketBook;
  readonly ticket: Ticket;
  readonly nowMs: number;
}): Promise<boolean> => {
  const ageMs = nowMs - ticket.issuedAtMs;
  if (ageMs > ticketLifeMs) return false;
  if (ageMs > firstUseWithinMs) return book.wasUsed(sql, ticket);
  await book.noteUse(sql, ticket);
  return true;
};

/** The same whatever is wrong with it. */
const unknownTicket = (): Problem =>
  new Problem("UNAUTHENTICATED", "The ticket is not known here, or it is too late for it.", {
    headers: { "www-authenticate": 'Bearer realm="fairlead", error="invalid_token"' },
  });
