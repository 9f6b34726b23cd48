import { Buffer } from "node:buffer";
import { timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { signatureHeaders } from "../../webhooks/signatures/signature-headers.ts";
import { usageFailure } from "../failure.ts";

/** How far the clocks of both sides may be apart, as the `standardwebhooks` library has it. */
const toleranceSeconds = 300;

/** The bytes of a `whsec_…`. The message never repeats the text, which is a secret. */
export const parseSecret = (text: string): Uint8Array => {
  const [, base64] = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(text.trim()) ?? [];
  const bytes = Buffer.from(base64 ?? "", "base64");
  if (bytes.length < 24 || bytes.length > 64) {
    throw usageFailure("The secret is none: `webhooks create` prints one, whsec_ and base64.");
  }
  return bytes;
};

interface Signed {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Any of them will do: a rotation has two. */
  readonly secrets: readonly Uint8Array[];
  readonly nowMs: number;
}

/** Why a request was not signed with any of the secrets a moment ago; undefined if it was. */
export const signatureError = ({ body, headers, nowMs, secrets }: Signed): string | undefined => {
  const id = headerOf(headers, "webhook-id");
  const timestamp = headerOf(headers, "webhook-timestamp");
  const given = headerOf(headers, "webhook-signature").split(" ");
  if (!/^[^.]+$/.test(id) || !/^\d{1,12}$/.test(timestamp) || given[0] === "") {
    return "it is not signed";
  }
  const timestampSeconds = Number(timestamp);
  if (Math.abs(nowMs / 1_000 - timestampSeconds) > toleranceSeconds) {
    return "its timestamp is more than five minutes off";
  }
  const isSigned = secrets.some((secret) => {
    const signed = signatureHeaders({ id, timestampSeconds, body, secrets: [secret] });
    return given.some((one) => isEqual(one, signed["webhook-signature"]));
  });
  return isSigned ? undefined : "its signature is of another secret, or of another body";
};

const headerOf = (headers: IncomingHttpHeaders, name: string): string => {
  const value = headers[name];
  return typeof value === "string" ? value : "";
};

const isEqual = (one: string, other: string): boolean => {
  const [left, right] = [Buffer.from(one), Buffer.from(other)];
  return left.length === right.length && timingSafeEqual(left, right);
};
