/** Single requests of the bench itself, on connections that are kept. */
import { Agent, type IncomingHttpHeaders, request } from "node:http";

export interface Exchange {
  readonly port: number;
  readonly method: "GET" | "POST";
  /** Path and query. */
  readonly path: string;
  readonly apiKey: string;
  readonly body?: string;
}

export interface Exchanged {
  /** When the head of the answer was there, in nanoseconds of the clock that processes share. */
  readonly atNs: bigint;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

const agent = new Agent({ keepAlive: true });

/** Fails on any answer but success. */
export function exchange({ apiKey, body = "", method, path, port }: Exchange): Promise<Exchanged> {
  const { promise, reject, resolve } = Promise.withResolvers<Exchanged>();
  const headers = {
    authorization: `Bearer ${apiKey}`,
    ...(method === "GET"
      ? {}
      : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
  };
  const sent = request({ host: "127.0.0.1", port, path, method, headers, agent }, (response) => {
    const atNs = process.hrtime.bigint();
    const { statusCode = 0 } = response;
    let text = "";
    response.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
    });
    response.on("error", reject);
    response.on("end", () => {
      if (statusCode < 300) resolve({ atNs, headers: response.headers, text });
      else reject(new Error(`${method} ${path} answered ${statusCode}: ${text}`));
    });
  });
  sent.on("error", reject);
  sent.end(body);
  return promise;
}
