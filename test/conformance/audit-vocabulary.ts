import { expect } from "vitest";
import type { Api, HeadersOf } from "../helpers/http-api.ts";
import { eventually } from "./access-vocabulary.ts";
import type { Page } from "./vocabulary.ts";

export interface AuditRow {
  readonly id: number;
  readonly at: string;
  readonly actor: { readonly type: string; readonly id: string };
  readonly authentication: string;
  readonly action: string;
  readonly revision: number | null;
  readonly count: number;
  readonly requestId: string | null;
  readonly address: string | null;
  readonly userAgent: string | null;
  readonly detail: Readonly<Record<string, unknown>>;
  readonly changes?: readonly object[];
  readonly changesTotal?: number;
}

export const time = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/) as unknown;

/** Where no proxy is trusted, the address is the peer's; a Worker knows it from Cloudflare only. */
export const address = expect.toSatisfy(
  (found) => found === null || /^[\d.:a-f]+$/.test(String(found)),
) as unknown;

export const idsOf = (rows: readonly AuditRow[]): number[] => rows.map(({ id }) => id);

export const countOf = (rows: readonly AuditRow[]): number =>
  rows.reduce((sum, { count }) => sum + count, 0);

/** Does something so many times, twenty at a time. */
export const times = async <Result>(
  many: number,
  act: (index: number) => Promise<Result>,
): Promise<Result[]> => {
  const results: Result[] = [];
  for (let done = 0; done < many; done += 20) {
    const turn = Array.from({ length: Math.min(20, many - done) }, (_, index) => act(done + index));
    results.push(...(await Promise.all(turn)));
  }
  return results;
};

/** One page of the log; a query begins with `?`. */
export const auditPage = async (
  api: Api,
  query: string,
  headers: HeadersOf = {},
): Promise<Page<AuditRow>> => {
  const reply = await api.get<Page<AuditRow>>(`/v1/audit${query}`, headers);
  expect(reply).toHaveStatus(200);
  return reply.body;
};

/** All that a query finds, page after page. */
export const auditRows = async (
  api: Api,
  query: string,
  headers: HeadersOf = {},
): Promise<readonly AuditRow[]> => {
  const rows: AuditRow[] = [];
  for (let more = ""; ; ) {
    const { items, nextCursor } = await auditPage(api, query + more, headers);
    rows.push(...items);
    if (nextCursor === undefined) return rows;
    more = `${query === "" ? "?" : "&"}cursor=${nextCursor}`;
  }
};

export const exportedRows = async (
  api: Api,
  query: string,
  headers: HeadersOf = {},
): Promise<AuditRow[]> => {
  const reply = await api.get(`/v1/audit/export${query}`, headers);
  expect(reply).toHaveStatus(200);
  expect(reply.headers.get("content-type")).toBe("application/x-ndjson");
  expect(reply.text === "" || reply.text.endsWith("\n")).toBe(true);
  return reply.text
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as AuditRow);
};

export const refusalsOf = (api: Api, actor: string): Promise<readonly AuditRow[]> =>
  auditRows(api, `?actor=${actor}&action=refused&limit=500`);

/** An actor's refusals, once there are so many: they are written a little after they happened. */
export const refusedSoFar = (
  api: Api,
  actor: string,
  atLeast: number,
): Promise<readonly AuditRow[]> =>
  eventually(
    () => refusalsOf(api, actor),
    (rows) => countOf(rows) >= atLeast,
  );
