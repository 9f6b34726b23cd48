import { createHash } from "node:crypto";
import { maxOperationBytes, type OperationAnswers, type SimpleOperation } from "./operations.ts";
import { signPublishToken } from "./publish-token.ts";
import { cutText } from "./text-parts.ts";

/** An edge's head authority, as those who publish to it reach it. */
export interface RemoteAuthority {
  /** The host of the edge. */
  readonly host: string;
  /** @throws Error that says what the edge answered, or why it cannot be reached */
  send<Operation extends SimpleOperation>(
    operation: Operation,
  ): Promise<OperationAnswers[Operation["op"]]>;
}

interface RemoteOptions {
  readonly url: string;
  readonly secret: string;
  /** How long one request may take, and how often it is tried. */
  readonly timeoutMs?: number;
  readonly attempts?: number;
  /** What a request may hold; what is larger goes ahead in parts. */
  readonly requestBytes?: number;
}

interface Remote extends Required<RemoteOptions> {
  readonly host: string;
}

const firstDelayMs = 100;
/** As JSON in JSON a part may be twice as large. */
const stagedPartBytes = maxOperationBytes / 4;

/** Every operation may be repeated: what has been done already changes nothing. */
export const createRemoteAuthority = (options: RemoteOptions): RemoteAuthority => {
  const { host } = new URL(options.url);
  const remote: Remote = {
    timeoutMs: 15_000,
    attempts: 3,
    requestBytes: maxOperationBytes,
    ...options,
    host,
  };
  return {
    host,
    send: async <Operation extends SimpleOperation>(operation: Operation) =>
      (await sendWhole(remote, operation)) as OperationAnswers[Operation["op"]],
  };
};

const encoder = new TextEncoder();

const sendWhole = async (remote: Remote, operation: SimpleOperation): Promise<unknown> => {
  const text = JSON.stringify(operation);
  const body = encoder.encode(text);
  if (body.byteLength <= remote.requestBytes) return sendBody(remote, body);
  const id = createHash("sha256").update(body).digest("hex");
  const parts = cutText(text, Math.min(stagedPartBytes, remote.requestBytes));
  for (const [index, part] of parts.entries()) {
    await sendJson(remote, { op: "stage", id, part: index + 1, text: part });
  }
  return sendJson(remote, { op: "staged", id, of: parts.length });
};

const sendJson = (remote: Remote, operation: object): Promise<unknown> =>
  sendBody(remote, encoder.encode(JSON.stringify(operation)));

const sendBody = async (remote: Remote, body: Uint8Array): Promise<unknown> => {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await sendOnce(remote, body);
    } catch (error) {
      if (attempt >= remote.attempts || error instanceof Refused) throw error;
      const delayMs = firstDelayMs * 4 ** (attempt - 1) * (0.5 + Math.random());
      await new Promise((resume) => setTimeout(resume, delayMs));
    }
  }
};

/** What would be refused again. */
class Refused extends Error {}

const sendOnce = async (
  { host, secret, timeoutMs, url }: Remote,
  body: Uint8Array,
): Promise<unknown> => {
  const token = await signPublishToken({ secret, host, body });
  const signal = AbortSignal.timeout(timeoutMs);
  const response = await fetch(new URL("/internal/layers", url), {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    // The types of runtimes differ in what a view may lie over.
    body: body as Uint8Array<ArrayBuffer>,
    redirect: "manual",
    signal,
  }).catch((cause: unknown) => {
    throw new Error(`${host} cannot be reached: ${reasonOf(cause)}`, { cause });
  });
  const text = await response.text();
  if (response.ok) return JSON.parse(text) as unknown;
  const said = `${host} answered ${response.status}: ${detailOf(text)}`;
  throw response.status < 500 && response.status !== 429 ? new Refused(said) : new Error(said);
};

/** What went wrong is in the cause of what `fetch` throws. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const { cause, message } = error;
  if (cause instanceof AggregateError) return reasonOf(cause.errors[0]);
  return cause instanceof Error ? reasonOf(cause) : message;
};

const detailOf = (text: string): string => {
  try {
    const { detail, title } = JSON.parse(text) as { detail?: unknown; title?: unknown };
    return String(detail ?? title);
  } catch {
    return text.slice(0, 200);
  }
};
