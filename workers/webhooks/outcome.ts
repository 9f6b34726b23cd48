/** Why a request failed; what is done about it depends on this alone. */
export type FailureKind =
  /** An answer that is neither 2xx nor 3xx. */
  | "status"
  | "redirect"
  /** No status within the time for everything. */
  | "timeout"
  /** The name has no address, or no name server answered. */
  | "dns"
  /** Nobody took the connection, or it ended before a status came. */
  | "connection"
  | "tls"
  /** What came is not an answer in HTTP/1.1 of a bearable size. */
  | "response"
  /** The URL leads to where webhooks may not go. */
  | "address"
  | "url"
  /** A header that cannot be sent. */
  | "request"
  /** Given up by us: the signal, or the sender was closed. It may have arrived. */
  | "aborted";

export interface Ended {
  readonly durationMs: number;
  /** The beginning of the answer, for people; empty where none came. */
  readonly excerpt: string;
}

interface Delivered extends Ended {
  readonly ok: true;
  readonly status: number;
}

export interface Failed extends Ended {
  readonly ok: false;
  readonly kind: FailureKind;
  readonly status?: number;
  /** How long the receiver asks to wait, unbounded. */
  readonly retryAfterMs?: number;
  /** One line for people, without secrets and without addresses inside. */
  readonly error: string;
}

export type Outcome = Delivered | Failed;

/** A failure that is known by the time it is thrown. */
export class SendFailure extends Error {
  readonly kind: FailureKind;

  constructor(kind: FailureKind, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "SendFailure";
    this.kind = kind;
  }
}
