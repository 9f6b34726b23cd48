import { errors } from "undici";
import { type FailureKind, SendFailure } from "./outcome.ts";

interface Described {
  readonly kind: FailureKind;
  readonly error: string;
}

const known: Readonly<Record<string, Described>> = {
  ECONNREFUSED: { kind: "connection", error: "The connection was refused." },
  ECONNRESET: { kind: "connection", error: "The connection was reset." },
  EPIPE: { kind: "connection", error: "The connection was reset." },
  ETIMEDOUT: { kind: "connection", error: "The connection timed out." },
  EHOSTUNREACH: { kind: "connection", error: "The host cannot be reached." },
  ENETUNREACH: { kind: "connection", error: "The network cannot be reached." },
  UND_ERR_SOCKET: { kind: "connection", error: "The connection ended before an answer came." },
  UND_ERR_INFO: { kind: "connection", error: "The connection ended before an answer came." },
  UND_ERR_HEADERS_OVERFLOW: { kind: "response", error: "The headers of the answer are too large." },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: {
    kind: "response",
    error: "The answer is not as long as it says.",
  },
  UND_ERR_INVALID_ARG: { kind: "request", error: "A header cannot be sent." },
  UND_ERR_NOT_SUPPORTED: { kind: "request", error: "A header cannot be sent." },
  UND_ERR_DESTROYED: { kind: "aborted", error: "The sender was closed." },
  UND_ERR_CLOSED: { kind: "aborted", error: "The sender was closed." },
  DEPTH_ZERO_SELF_SIGNED_CERT: { kind: "tls", error: "The certificate is self-signed." },
  SELF_SIGNED_CERT_IN_CHAIN: { kind: "tls", error: "The certificate's authority is not known." },
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: {
    kind: "tls",
    error: "The certificate's authority is not known.",
  },
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: {
    kind: "tls",
    error: "The certificate's authority is not known.",
  },
  CERT_HAS_EXPIRED: { kind: "tls", error: "The certificate has expired." },
  CERT_NOT_YET_VALID: { kind: "tls", error: "The certificate is not valid yet." },
  ERR_TLS_CERT_ALTNAME_INVALID: { kind: "tls", error: "The certificate is for another name." },
};

const codeOf = (error: unknown): string => {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  return typeof code === "string" ? code : "";
};

/** Only codes are told: messages of sockets hold addresses, those of parsers what was received. */
export const classifyFailure = (error: unknown): Described => {
  if (error instanceof SendFailure) return { kind: error.kind, error: error.message };
  const code = codeOf(error);
  const found = Object.hasOwn(known, code) ? known[code] : undefined;
  if (found !== undefined) return found;
  if (error instanceof errors.HTTPParserError) {
    return { kind: "response", error: "The answer is not HTTP/1.1." };
  }
  return { kind: "connection", error: `The connection failed${code && ` (${code})`}.` };
};

/** As {@link classifyFailure}, until TLS is agreed on: codes of OpenSSL have underscores, Node's have none. */
export const classifyTlsFailure = (error: unknown): Described => {
  const code = codeOf(error);
  if (Object.hasOwn(known, code) || !code.includes("_")) return classifyFailure(error);
  return { kind: "tls", error: `TLS could not be agreed on (${code}).` };
};
