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
  /** Cuts the connection, or never answers. */
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

const answer = (res: ServerResponse, { status = 200, headers, body, text, fault }: Reply): void => {
  if (fault === "silence") return;
  if (fault === "cut") {
    res.destroy();
    return;
  }
  res.writeHead(status, { "Content-Type": "application/json", ...headers });
  res.end(text ?? JSON.stringify(body));
};

/** A server on loopback that answers by `reply`; the index counts requests from 0. */
export const startFakeServer = async (
  reply: (request: Received, index: number) => Reply,
): Promise<FakeServer> => {
  const received: Received[] = [];
  const serve = async (req: IncomingMessage, res: ServerResponse): Promise<void> => {
    const request = await read(req);
    received.push(request);
    answer(res, reply(request, received.length - 1));
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
