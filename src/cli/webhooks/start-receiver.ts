import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";

/** A request that has come to the receiver. */
export interface Arrival {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface Receiver {
  readonly url: string;
  /** Answers what is under way, and no more. */
  close(): Promise<void>;
}

interface ReceiverOptions {
  /** 0: any that is free. */
  readonly port: number;
  /** The status to answer with. */
  readonly receive: (arrival: Arrival) => number;
}

/** A delivery has 256 KiB at most. */
const maxBodyBytes = 1024 * 1024;
const graceMs = 1_000;

/** Undefined where it is too large. */
const readBody = async (req: IncomingMessage): Promise<string | undefined> => {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of req as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBodyBytes) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
};

const answer = async (
  req: IncomingMessage,
  res: ServerResponse,
  receive: ReceiverOptions["receive"],
): Promise<void> => {
  const end = (status: number): void => {
    res.writeHead(status, { connection: "close", "content-length": 0 }).end();
  };
  if (req.method !== "POST") return end(405);
  const body = await readBody(req);
  end(body === undefined ? 413 : receive({ headers: req.headers, body }));
};

/** Opens a receiver on loopback, for this machine alone. */
export const startReceiver = async ({ port, receive }: ReceiverOptions): Promise<Receiver> => {
  const server = createServer((req, res) => {
    // Whoever breaks off gets no answer, and that is all.
    answer(req, res, receive).catch(() => res.destroy());
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening").catch((error: unknown) => {
    throw cannotListen(port, error);
  });
  const address = server.address();
  const bound = typeof address === "object" && address !== null ? address.port : port;
  return {
    url: `http://127.0.0.1:${bound}/`,
    async close() {
      const closed = once(server, "close");
      server.close();
      // Whoever has not said all by then is not waited for.
      const late = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      clearTimeout(late);
    },
  };
};

const cannotListen = (port: number, error: unknown): Failure => {
  const reason = error instanceof Error ? error.message : String(error);
  return new Failure(
    exitCodes.failure,
    { title: "Cannot listen", detail: `127.0.0.1:${port}: ${reason}`, code: "CANNOT_LISTEN" },
    { hint: "--port names another one; without it any that is free is taken.", cause: error },
  );
};
