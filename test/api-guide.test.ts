import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Block, blocksOf, elide, readPage } from "./helpers/documented.ts";
import { type Server, startServer } from "./helpers/start-server.ts";

interface Exchange {
  readonly request: Block;
  readonly response: Block;
}

const isResponse = ({ text }: Block): boolean => text.startsWith("HTTP/");

/** The page's requests, each with the answer that is written below it. */
const exchangesOf = (page: string): Exchange[] => {
  const blocks = blocksOf(page).filter(({ language }) => language === "http");
  return blocks.flatMap((request, index) => {
    const response = blocks[index + 1];
    if (isResponse(request)) return [];
    if (response === undefined || !isResponse(response)) {
      throw new Error(`the request in line ${request.line} has no answer below it`);
    }
    return [{ request, response }];
  });
};

/** An HTTP message as it is written: first line, header fields, body. */
const parseMessage = (text: string) => {
  const [head = "", ...rest] = text.split("\n\n");
  const [first = "", ...fields] = head.split("\n");
  const headers = fields.map((field): [string, string] => {
    const colon = field.indexOf(":");
    return [field.slice(0, colon).toLowerCase(), field.slice(colon + 1).trim()];
  });
  return { first, headers: Object.fromEntries(headers), body: rest.join("\n\n") };
};

const exchanges = exchangesOf(await readPage("docs/api-guide.md"));

/** What `$ETAG`, `$CURSOR` and `$ID` stand for. */
const said = new Map<string, string>();

const remember = (headers: Headers, body: unknown): void => {
  const { id, nextCursor } = (body ?? {}) as { id?: string; nextCursor?: string };
  for (const [name, value] of Object.entries({
    ETAG: headers.get("etag"),
    CURSOR: nextCursor,
    ID: id,
  })) {
    if (value !== undefined && value !== null) said.set(name, value);
  }
};

const send = async (server: Server, block: Block): Promise<Response> => {
  const text = block.text.replaceAll(/\$([A-Z]+)/g, (_, name: string) => {
    const value = said.get(name);
    if (value === undefined) throw new Error(`nothing said what $${name} is`);
    return value;
  });
  const { body, first, headers } = parseMessage(text);
  const [method = "", path = ""] = first.split(" ");
  return fetch(server.url + path, {
    method,
    headers: {
      authorization: `Bearer ${server.adminKey}`,
      ...(body === "" ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(body === "" ? {} : { body }),
  });
};

describe("docs/api-guide.md", () => {
  let server: Server;

  beforeAll(async () => {
    server = await startServer({}, () => ({ command: [process.execPath, "src/entry/node.ts"] }));
  });
  afterAll(() => server.stop());

  // In order, on one server: each exchange stands on those before it.
  it.each(exchanges)(
    "is answered as written in line $response.line",
    async ({ request, response }) => {
      const written = parseMessage(response.text);
      const reply = await send(server, request);
      const text = await reply.text();
      const isJson = /json/.test(reply.headers.get("content-type") ?? "");
      const body: unknown = isJson && text !== "" ? JSON.parse(text) : text.trimEnd();
      const wanted: unknown =
        isJson && written.body !== "" ? JSON.parse(written.body) : written.body;
      remember(reply.headers, body);
      expect(written.first).toMatch(new RegExp(`^HTTP/1.1 ${reply.status} `));
      const headers = Object.keys(written.headers).map((name) => [name, reply.headers.get(name)]);
      expect(elide(Object.fromEntries(headers), written.headers)).toEqual(written.headers);
      expect(elide(body, wanted)).toEqual(wanted);
    },
  );
});
