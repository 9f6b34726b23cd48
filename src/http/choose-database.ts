import type { Ctx } from "../context.ts";
import type { Contract } from "./route.ts";

/** Names under which a request asks for a revision, and so for a copy that has come so far. */
const revisionNames = ["minRevision", "revision", "at", "from", "to", "after"];

interface Asked {
  readonly params: Readonly<Record<string, unknown>> | undefined;
  readonly query: Readonly<Record<string, unknown>> | undefined;
}

/**
 * Has a read answered from a replica, where its contract allows that and one has come as far as this
 * process, and as far as the request asks for.
 */
export const chooseDatabase = <Answer>(
  { replica }: Pick<Contract, "replica">,
  ctx: Ctx,
  { params, query }: Asked,
  answer: (ctx: Ctx) => Promise<Answer>,
): Promise<Answer> => {
  const { layers, replicas, sql } = ctx;
  const mayBe = replica === "always" || (replica === "for the past" && query?.["at"] !== undefined);
  const isStrong = query?.["consistency"] === "strong";
  if (layers === undefined || replicas === undefined || !mayBe || isStrong) return answer(ctx);
  const { epoch, revision } = layers.memory.point();
  const named = { ...query, ...params };
  const asked = revisionNames
    .map((name) => named[name])
    .filter((value) => typeof value === "number");
  const needed = { epoch, revision: Math.max(revision, ...asked) };
  return replicas.read(needed, sql, (chosen) => answer({ ...ctx, sql: chosen }));
};
