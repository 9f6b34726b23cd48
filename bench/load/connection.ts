/**
 * What the load generator needs of a protocol: one request at a time, answered by a callback.
 * Callbacks and not promises: at tens of thousands of requests a second the generator must not be what is measured.
 */
export interface Connection {
  /** Sends a prepared request. `done` gets nothing when it succeeded, else what went wrong. */
  readonly send: (request: Buffer, done: (failure?: string) => void) => void;
  readonly close: () => void;
}

/** The same as a promise, where a request is large and there are few. */
export function sendRequest(connection: Connection, request: Buffer): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  connection.send(request, (failure) => {
    if (failure === undefined) resolve();
    else reject(new Error(failure));
  });
  return promise;
}
