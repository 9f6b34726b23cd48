import { Buffer } from "node:buffer";
import { createHmac, timingSafeEqual } from "node:crypto";
import { z } from "zod";
import type { StreamFilter } from "../stream-filter.ts";

/** What a ticket says: whose it is, what it is for, and when it was made. */
export interface Ticket {
  readonly id: string;
  readonly keyId: string;
  /** Milliseconds since 1970. */
  readonly issuedAtMs: number;
  readonly filter: StreamFilter;
}

const claims = z.tuple([
  z.string(),
  z.string(),
  z.int(),
  z.string(),
  z.string(),
  z.string(),
  z.boolean(),
]);

/** A ticket as its owner gets it: `flt_<claims>.<signature>`, both base64url. */
export const writeTicket = ({ filter, id, issuedAtMs, keyId }: Ticket, secret: Buffer): string => {
  const { app, environment, prefix, values } = filter;
  const said: z.input<typeof claims> = [id, keyId, issuedAtMs, app, environment, prefix, values];
  const text = Buffer.from(JSON.stringify(said)).toString("base64url");
  return `flt_${text}.${signatureOf(text, secret).toString("base64url")}`;
};

/** What a ticket says, if it was signed with the secret; else undefined. */
export const verifyTicket = (text: string, secret: Buffer): Ticket | undefined => {
  const [, said = "", signature = ""] = ticketShape.exec(text) ?? [];
  const wanted = signatureOf(said, secret);
  const given = Buffer.from(signature, "base64url");
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined;
  return readTicket(text);
};

/** What a ticket says, for whoever knows already that it is genuine. */
export const readTicket = (text: string): Ticket => {
  const [, said = ""] = ticketShape.exec(text) ?? [];
  const parsed: unknown = JSON.parse(Buffer.from(said, "base64url").toString());
  const [id, keyId, issuedAtMs, app, environment, prefix, values] = claims.parse(parsed);
  return { id, keyId, issuedAtMs, filter: { app, environment, prefix, values } };
};

const ticketShape = /^flt_([\w-]+)\.([\w-]{43})$/;

const signatureOf = (text: string, secret: Buffer): Buffer =>
  createHmac("sha256", secret).update(text).digest();
