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

interface Change {
  readonly op: string;
  readonly key: string;
  readonly version: number;
  readonly before: unknown;
  readonly after: unknown;
}

interface EffectiveChange {
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
  const reply = await propose(api, operations, options);
  expect(reply).toHaveStatus(201);
  return reply.body;
};

/** The newest revision of the deployment. */
export const currentRevision = async (api: Api): Promise<number> => {
  const { headers } = await api.get("/v1/config");
  return Number(headers.get("config-revision"));
};

/** Expects that a key was never written in a scope. */
export const expectNeverWritten = async (
  api: Api,
  { app, environment, key }: Name,
): Promise<void> => {
  const scope = [app && `app=${app}`, environment && `environment=${environment}`];
  const query = ["kind=config", `key=${key}`, ...scope.filter(Boolean)].join("&");
  expect(await api.get(`/v1/history?${query}`)).toBeProblem("NOT_FOUND", { detail: key });
};

/** All items of a list, read page by page. */
export const readPages = async <Item>(api: Api, path: string): Promise<Item[][]> => {
  const pages: Item[][] = [];
  let cursor: string | undefined;
  do {
    const more = cursor === undefined ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    const reply = await api.get<Page<Item>>(path + more);
    expect(reply).toHaveStatus(200);
    pages.push([...reply.body.items]);
    cursor = reply.body.nextCursor;
  } while (cursor !== undefined && pages.length < 50);
  return pages;
};
