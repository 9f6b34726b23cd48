import { type ErrorCode, invalidInput, Problem } from "../errors.ts";
import { problemResponse } from "../http/problem-response.ts";
import { readBody } from "../http/read-body.ts";
import { requestInfo } from "../http/request-info.ts";
import { createLogger, type Logger } from "../platform/log.ts";
import type { AuthorityReply, Permit } from "./authority/create-authority.ts";
import { maxOperationBytes, type Operation, operationShape } from "./operations.ts";
import { verifyPublishToken } from "./publish-token.ts";

/** The head authority as publishers reach it: a stub of the Durable Object. */
export interface AuthorityPublishing {
  perform(permit: Permit, operation: Operation): Promise<AuthorityReply>;
}

interface InternalParts {
  /** Without it nobody may publish. */
  readonly secret: string | undefined;
  readonly authority: AuthorityPublishing;
  readonly log?: Logger;
  readonly nowMs?: () => number;
}

/** `POST /internal/layers`: what publishers ask of an edge. It is no part of the public API. */
export const handleInternal = async (request: Request, parts: InternalParts): Promise<Response> => {
  try {
    return Response.json((await answer(request, parts)) ?? null, {
      headers: { "cache-control": "no-store" },
    });
  } catch (error) {
    const { id } = requestInfo(request.headers, undefined);
    return problemResponse(error, id, parts.log ?? createLogger());
  }
};

const answer = async (request: Request, parts: InternalParts): Promise<unknown> => {
  const { authority, nowMs = () => Date.now(), secret } = parts;
  if (request.method !== "POST") {
    throw new Problem("METHOD_NOT_ALLOWED", "Only POST is allowed here.", {
      headers: { allow: "POST" },
    });
  }
  if (secret === undefined) {
    throw new Problem(
      "UNAVAILABLE",
      "This edge has no EDGE_PUBLISH_SECRET, so nobody may publish.",
    );
  }
  const { host } = new URL(request.url);
  const authorization = request.headers.get("authorization");
  const token = await verifyPublishToken(authorization, { secret, host, nowMs: nowMs() });
  const body = await readBody(request, maxOperationBytes);
  if (!token.isFor(body)) {
    throw new Problem("UNAUTHENTICATED", "The publish token was made for another body.");
  }
  const reply = await authority.perform(token.permit, parseOperation(body));
  if ("refusal" in reply) throw refusalOf(reply.refusal);
  return reply.answer;
};

const refusalOf = ({ code, detail }: { code: ErrorCode; detail: string }): Problem =>
  new Problem(code, detail);

const parseOperation = (body: Uint8Array): Operation => {
  try {
    return operationShape.parse(JSON.parse(new TextDecoder().decode(body)));
  } catch {
    throw invalidInput("body", "is no operation that this edge knows");
  }
};
