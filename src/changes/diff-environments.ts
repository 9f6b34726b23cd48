import { z } from "zod";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { readEffective } from "../layers/read-effective.ts";
import { requireReadableScope } from "../layers/require-scope.ts";
import type { Json } from "../platform/json.ts";
import { decodeCursor, type Page, type PageInput, pageFrom } from "../platform/page.ts";
import { inTransaction } from "../platform/transaction.ts";
import { diffValues } from "./diff-values.ts";
import { resolveRevision } from "./revisions.ts";

export interface DiffEnvironmentsInput extends PageInput {
  readonly fromEnvironment: string;
  readonly toEnvironment: string;
  readonly app: string;
  readonly at?: number | string | undefined;
}

export interface EnvironmentDiffItem {
  readonly change: "added" | "changed" | "removed";
  readonly key: string;
  readonly before: Json;
  readonly after: Json;
}

/**
 * How an app's effective configuration differs between two environments, by key, both read at one
 * revision. A key that may be seen in one of them only is as if the other did not have it.
 *
 * @throws Problem `NOT_FOUND` for an unknown app, environment or revision
 */
export const diffEnvironments = async (
  ctx: Ctx,
  input: DiffEnvironmentsInput,
): Promise<Page<EnvironmentDiffItem>> => {
  const { app, at, fromEnvironment, limit, toEnvironment } = input;
  requireAnyPermission(ctx, "entries.read");
  const start = decodeCursor(input.cursor, z.string());
  for (const environment of [fromEnvironment, toEnvironment]) {
    requireReadableScope(ctx, "config", { app, environment });
  }
  const revision = at === undefined ? undefined : await resolveRevision(ctx.sql, at);
  const effective = (environment: string) => ({
    kind: "config",
    app,
    environment,
    at: revision,
    visible: ctx.permissions.keys("entries.read", "config", app, environment),
  });
  const [from, to] = await inTransaction(
    ctx.sql,
    "isolation level repeatable read read only",
    (tx) =>
      Promise.all([
        readEffective(tx, effective(fromEnvironment)),
        readEffective(tx, effective(toEnvironment)),
      ]),
  );
  const valuesOf = ({ resolved }: typeof from): Map<string, Json> =>
    new Map([...resolved].map(([key, { value }]) => [key, value]));
  const items = diffValues(valuesOf(from), valuesOf(to))
    .filter(({ key }) => start === undefined || key > start)
    .slice(0, limit + 1)
    .map((difference) => ({ before: null, after: null, ...difference }));
  return pageFrom(items, limit, ({ key }) => key);
};
