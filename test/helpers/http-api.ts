/** An answer; `body` is the JSON that it holds, else its text. */
export interface Reply<Body = unknown> {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly body: Body;
}

/** A request as it goes over the wire. */
export interface ApiRequest {
  readonly method: string;
  /** Path and query, percent-encoded. */
  readonly path: string;
  readonly headers?: HeadersOf;
  readonly body?: string | Uint8Array | ReadableStream<Uint8Array>;
}

export type HeadersOf = Readonly<Record<string, string>>;

/** Talks HTTP to a server as its administrator. Bodies are sent as JSON. */
export interface Api {
  get<Body = unknown>(path: string, headers?: HeadersOf): Promise<Reply<Body>>;
  head(path: string, headers?: HeadersOf): Promise<Reply>;
  post<Body = unknown>(path: string, body: unknown, headers?: HeadersOf): Promise<Reply<Body>>;
  put<Body = unknown>(path: string, body: unknown, headers?: HeadersOf): Promise<Reply<Body>>;
  patch<Body = unknown>(path: string, body: unknown, headers?: HeadersOf): Promise<Reply<Body>>;
  delete<Body = unknown>(path: string, headers?: HeadersOf): Promise<Reply<Body>>;
  /** Sends a body as it is, with its media type. */
  sendText<Body = unknown>(
    method: "POST" | "PUT",
    path: string,
    type: string,
    text: ApiRequest["body"],
  ): Promise<Reply<Body>>;
  /** Sends nothing but what it is given: no key, no media type. */
  send<Body = unknown>(request: ApiRequest): Promise<Reply<Body>>;
}

const timeoutMs = 15_000;

/**
 * @param target asked at every request, since a server starts after its tests are declared
 * @param check sees every request with its answer, and throws where they break a contract
 */
export const createApi = (
  target: () => { readonly url: string; readonly adminKey: string },
  check: (request: ApiRequest, reply: Reply) => void,
): Api => {
  const send = async <Body>(request: ApiRequest): Promise<Reply<Body>> => {
    const { body, headers = {}, method, path } = request;
    const response = await fetch(target().url + path, {
      method,
      headers,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      ...(body === undefined ? {} : { body: body as BodyInit, duplex: "half" }),
    });
    const reply = await readReply(response);
    check(request, reply);
    return reply as Reply<Body>;
  };
  const sendAsAdmin = <Body>({ headers, ...request }: ApiRequest): Promise<Reply<Body>> =>
    send<Body>({
      ...request,
      headers: { authorization: `Bearer ${target().adminKey}`, ...headers },
    });
  const sendJson = <Body>(method: string, path: string, body: unknown, headers?: HeadersOf) =>
    sendAsAdmin<Body>({
      method,
      path,
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  return {
    get: (path, headers = {}) => sendAsAdmin({ method: "GET", path, headers }),
    head: (path, headers = {}) => sendAsAdmin({ method: "HEAD", path, headers }),
    post: (path, body, headers) => sendJson("POST", path, body, headers),
    put: (path, body, headers) => sendJson("PUT", path, body, headers),
    patch: (path, body, headers) => sendJson("PATCH", path, body, headers),
    delete: (path, headers = {}) => sendAsAdmin({ method: "DELETE", path, headers }),
    sendText: (method, path, type, text) =>
      sendAsAdmin({
        method,
        path,
        headers: { "content-type": type },
        ...(text === undefined ? {} : { body: text }),
      }),
    send,
  };
};

const readReply = async (response: Response): Promise<Reply> => {
  const { headers, status } = response;
  const type = headers.get("content-type") ?? "";
  const text = type === "text/event-stream" ? await firstPart(response) : await response.text();
  const isJson = /^application\/([\w.-]+\+)?json\b/.test(type);
  return { status, headers, text, body: isJson && text !== "" ? JSON.parse(text) : text };
};

/** Of an answer without end as much as comes first. */
const firstPart = async ({ body }: Response): Promise<string> => {
  const reader = body?.getReader();
  const part = await reader?.read();
  await reader?.cancel();
  return new TextDecoder().decode(part?.value);
};
