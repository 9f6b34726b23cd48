import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";

/** A request as the fake server received it. */
export interface Received {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: IncomingMessage["headers"];
  readonly body: unknown;
}

/** What the fake server answers: JSON from `body`, or `text` as it stands. */
export interface Reply {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly text?: string;
  /** In place of a body: pieces that are sent one by one. */
  readonly pieces?: AsyncIterable<string> | Iterable<string>;
  /** Cuts the connection, at once or after the pieces, or never answers. */
  readonly fault?: "cut" | "silence";
}

export interface FakeServer extends AsyncDisposable {
  readonly url: string;
  readonly received: readonly Received[];
}

const read = async (req: IncomingMessage): Promise<Received> => {
  let text = "";
  for await (const chunk of req) text += String(chunk);
  const url = new URL(req.url ?? "/", "http://fake");
  return {
    method: req.method ?? "",
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: req.headers,
    body: text === "" ? undefined : (JSON.parse(text) as unknown),
  };
};

const sendPieces = async (res: ServerResponse, pieces: Reply["pieces"]): Promise<void> => {
  for await (const piece of pieces ?? []) {
    await new Promise((resume) => {
      res.write(piece, resume);
    });
  }
};

const answer = async (res: ServerResponse, reply: Reply): Promise<void> => {
  const { status = 200, headers, body, text, pieces, fault } = reply;
  if (pieces !== undefined) {
    res.writeHead(status, headers);
    await sendPieces(res, pieces);
  }
  if (fault === "silence") return;
  if (fault === "cut") res.destroy();
  else if (pieces !== undefined) res.end();
  else {
    res.writeHead(status, { "Content-Type": "application/json", ...headers });
    res.end(status === 204 ? undefined : (text ?? JSON.stringify(body)));
  }
};

/** A server on loopback that answers by `reply`; the index counts requests from 0. */
export const startFakeServer = async (
  reply: (request: Received, index: number) => Reply,
): Promise<FakeServer> => {
  const received: Received[] = [];
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const request = await read(req);
    received.push(request);
    await answer(res, reply(request, received.length - 1));
  };
  const server = createServer((req, res) => {
    void serve(req, res);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
