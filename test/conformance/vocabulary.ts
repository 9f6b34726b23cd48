import { randomBytes } from "node:crypto";
import { expect } from "vitest";
import type { Api, HeadersOf, Reply } from "../helpers/http-api.ts";

/** A name that no other test uses: `shop-3f9a01c2`. */
export const unique = (prefix: string): string => `${prefix}-${randomBytes(4).toString("hex")}`;

export interface Name {
  readonly app?: string | null;
  readonly environment?: string | null;
  readonly key: string;
}

interface Content {
  readonly value: unknown;
  readonly schema?: unknown;
  readonly description?: string | null;
  readonly merge?: "replace" | "deep";
}

interface Condition {
  readonly expectedVersion?: number;
}

export type Operation = Name & Partial<Content> & { readonly op: string; readonly kind: string };

export const put = (operation: Name & Content & Condition): Operation => ({
  op: "put",
  kind: "config",
  ...operation,
});

export const remove = (operation: Name & Condition): Operation => ({
  op: "delete",
  kind: "config",
  ...operation,
});

export interface Change {
  readonly op: string;
  readonly key: string;
  readonly version: number;
  readonly before: unknown;
  readonly after: unknown;
}

export interface EffectiveChange {
  readonly app: string | null;
  readonly environment: string | null;
  readonly key: string;
  readonly before: unknown;
  readonly after: unknown;
}

export interface CommitResult {
  readonly revision: number;
  readonly changes: readonly Change[];
  readonly effective: readonly EffectiveChange[];
  readonly effectiveTotal: number;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly nextCursor?: string;
}

interface ChangeSetOptions {
  readonly message?: string;
  readonly expectedRevision?: number;
  readonly dryRun?: boolean;
  readonly allowLargeChange?: boolean;
}

/** Posts a change set. */
export const propose = (
  api: Api,
  operations: readonly unknown[],
  options: ChangeSetOptions = {},
  headers: HeadersOf = {},
): Promise<Reply<CommitResult>> =>
  api.post<CommitResult>("/v1/changes", { ...options, operations }, headers);

/** Posts a change set that must be committed. */
export const commit = async (
  api: Api,
  operations: readonly Operation[],
  options: ChangeSetOptions = {},
): Promise<CommitResult> => {
  const { body, status, text } = await propose(api, operations, options);
  expect(status, text).toBe(201);
  return body;
};

/** The newest revision of the deployment. */
export const currentRevision = async (api: Api): Promise<number> => {
  const { headers } = await api.get("/v1/config");
  return Number(headers.get("config-revision"));
};

interface Expected {
  /** Text that the `detail` must hold. */
  readonly detail?: string;
  /** The paths of `errors`, all of them, in order. */
  readonly paths?: readonly string[];
}

const statuses = {
  INVALID_INPUT: 400,
  UNAUTHENTICATED: 401,
  NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CONFLICT: 409,
  PRECONDITION_FAILED: 412,
  TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  UNPROCESSABLE: 422,
  LARGE_CHANGE: 422,
  IDEMPOTENCY_KEY_REUSED: 422,
} as const;

/** Expects a problem with a code, and with the status that the code stands for. */
export const expectProblem = (
  { body, status, text }: Reply,
  code: keyof typeof statuses,
  { detail, paths }: Expected = {},
): void => {
  expect({ status, body }, text).toMatchObject({ status: statuses[code], body: { code } });
  const problem = body as { detail: string; errors?: readonly { path: string }[] };
  if (detail !== undefined) expect(problem.detail).toContain(detail);
  if (paths !== undefined) expect(problem.errors?.map(({ path }) => path)).toEqual(paths);
};

/** Expects that a key was never written in a scope. */
export const expectNeverWritten = async (
  api: Api,
  { app, environment, key }: Name,
): Promise<void> => {
  const scope = [app && `app=${app}`, environment && `environment=${environment}`];
  const query = ["kind=config", `key=${key}`, ...scope.filter(Boolean)].join("&");
  expectProblem(await api.get(`/v1/history?${query}`), "NOT_FOUND", { detail: key });
};

/** All items of a list, read page by page. */
export const readPages = async <Item>(api: Api, path: string): Promise<Item[][]> => {
  const pages: Item[][] = [];
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const { body, status, text } = await api.get<Page<Item>>(path + more);
    expect(status, text).toBe(200);
    pages.push([...body.items]);
    cursor = body.nextCursor;
  } while (cursor !== undefined && pages.length < 50);
  return pages;
};
