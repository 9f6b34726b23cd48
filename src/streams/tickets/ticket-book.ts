import { Buffer } from "node:buffer";
import { createBoundedCache } from "../../platform/bounded-cache.ts";
import type { Sql } from "../../platform/sql.ts";
import { withDeadline } from "../../platform/with-deadline.ts";
import type { Ticket } from "./ticket-text.ts";

/** The secret that signs tickets, and which of them have been used. */
export interface TicketBook {
  secret(sql: Sql): Promise<Buffer>;
  /** Writes down that a ticket is in use. */
  noteUse(sql: Sql, ticket: Ticket): Promise<void>;
  wasUsed(sql: Sql, ticket: Ticket): Promise<boolean>;
}

/** For how long a ticket is good for coming back. */
export const ticketLifeMs = 86_400_000;

/** A secret that an operator has changed counts everywhere after this time. */
const secretKeptMs = 60_000;
const maxRemembered = 20_000;
const timeoutMs = 3_000;

export const createTicketBook = (): TicketBook => {
  const used = createBoundedCache<true>(maxRemembered, maxRemembered);
  let kept: { readonly secret: Buffer; readonly untilMs: number } | undefined;
  return {
    async secret(sql) {
      const nowMs = performance.now();
      if (kept !== undefined && kept.untilMs > nowMs) return kept.secret;
      try {
        const secret = await withDeadline(storedSecret(sql), timeoutMs);
        kept = { secret, untilMs: nowMs + secretKeptMs };
      } catch (error) {
        // While the database is away, who has a stream can come back.
        if (kept === undefined) throw error;
      }
      return kept.secret;
    },
    async noteUse(sql, { id, issuedAtMs }) {
      if (used.get(id) === true) return;
      const expiresAt = new Date(issuedAtMs + ticketLifeMs).toISOString();
      await withDeadline(insertUse(sql, id, expiresAt), timeoutMs);
      used.set(id, true, 1);
    },
    async wasUsed(sql, { id }) {
      if (used.get(id) === true) return true;
      const found = await withDeadline(isUsed(sql, id), timeoutMs);
      if (found) used.set(id, true, 1);
      return found;
    },
  };
};

const storedSecret = async (sql: Sql): Promise<Buffer> => {
  const [row] = await sql<{ secret: string }[]>`
    select encode(secret, 'hex') as secret from fairlead.stream_ticket_secret`;
  if (row === undefined) throw new Error("fairlead.stream_ticket_secret has no row");
  return Buffer.from(row.secret, "hex");
};

/** Every use clears away a few of those that nobody can ask for any more. */
const insertUse = async (sql: Sql, id: string, expiresAt: string): Promise<void> => {
  await sql`
    with past as (
      delete from fairlead.stream_ticket_uses where ticket in (
        select ticket from fairlead.stream_ticket_uses
        where expires_at < clock_timestamp()
        order by expires_at
        limit 10
        for update skip locked
      )
    )
    insert into fairlead.stream_ticket_uses (ticket, expires_at)
    values (${id}, ${expiresAt}::timestamptz)
    on conflict on constraint stream_ticket_uses_pk do nothing`;
};

const isUsed = async (sql: Sql, id: string): Promise<boolean> => {
  const rows = await sql`select from fairlead.stream_ticket_uses where ticket = ${id}`;
  return rows.length > 0;
};
