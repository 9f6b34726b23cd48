/** What the bench and its load generator tell each other. */

/** Where requests go. `connections`: HTTP/2 can carry all clients over one connection. */
export type Target =
  | {
      readonly kind: "fixed";
      readonly port: number;
      /** The whole request, the same every time. */
      readonly request: string;
      readonly status: number;
    }
  | {
      readonly kind: "fixed-grpc";
      readonly port: number;
      /** `/package.Service/Method` */
      readonly method: string;
      /** The message, the same every time, in base64. */
      readonly message: string;
    }
  | { readonly kind: "fairlead"; readonly port: number; readonly apiKey: string }
  | { readonly kind: "etcd-gateway"; readonly port: number }
  | { readonly kind: "etcd-grpc"; readonly port: number; readonly connections: "one" | "each" };

/** `update` rewrites keys that exist, each client its own; `create` takes a key that was never used, every time. */
export type Variant = "update" | "create";

export interface Job {
  readonly target: Target;
  readonly variant: Variant;
  readonly clients: number;
  readonly durationMs: number;
  /** Part of every app's name, so that runs against one database do not meet. */
  readonly run: string;
}

/** Requests that were answered with success; any failure fails the job. */
export interface Measurement {
  readonly requests: number;
  readonly elapsedMs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Bytes of one whole request, headers included. */
  readonly requestBytes: number;
}

export type JobResult = { readonly measurement: Measurement } | { readonly failure: string };
