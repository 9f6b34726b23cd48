import { resolveRevision } from "../changes/revisions.ts";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { Problem } from "../errors.ts";

import type { LayersQuery } from "../layers/read-layers.ts";
import { type PositionRead, readPosition } from "../layers/read-position.ts";
import { requireReadableScope } from "../layers/require-scope.ts";
import type { LayerEntry, Resolved } from "../layers/resolve.ts";
import { entityTag } from "../platform/entity-tag.ts";
import type { Json } from "../platform/json.ts";
import { describeScope, toPublicScope } from "../platform/names.ts";
import { typeOf } from "./kind.ts";

/** How fresh a read must be, and of which past it is. */
export interface ReadOptions {
  readonly minRevision?: number | undefined;
  readonly at?: number | string | undefined;
  readonly consistency?: "strong" | undefined;
}

export interface ReadConfigInput extends ReadOptions {
  readonly app: string;
  readonly environment: string;
  readonly key: string;
  readonly explain?: boolean | undefined;
}

interface PublicScope {
  readonly app: string | null;
  readonly environment: string | null;
}

export interface ConfigValue {
  readonly key: string;
  readonly value: Json;
  readonly type: "string" | "number" | "boolean" | "json";
  /** Of the strongest entry, which owns the value. */
  readonly version: number;
  /** The newest revision that changed the value. */
  readonly revision: number;
  readonly scope: PublicScope;
  readonly layers?: readonly ExplainedLayer[];
}

interface ExplainedLayer {
  readonly scope: PublicScope;
  readonly value: Json;
  readonly version: number;
  readonly revision: number;
  readonly merge: "replace" | "deep";
  readonly won: boolean;
  /** Whether something of its value is in the result: true for more than one after a deep merge. */
  readonly contributes: boolean;
}

/** A body with the deployment's revision that it shows and its entity tag. */
export interface Read<Body> {
  readonly revision: number;
  /** Of an answer that may be older than promised. */
  readonly staleMs?: number | undefined;
  readonly tag: string;
  readonly body: Body;
}

/**
 * What a key resolves to for (app, environment), and with `explain` what every layer says that the
 * reader may see by itself.
 *
 * @throws Problem `NOT_FOUND`, `PRECONDITION_FAILED` (a `minRevision` that is not reached)
 */
export const readConfig = async (ctx: Ctx, input: ReadConfigInput): Promise<Read<ConfigValue>> => {
  const { app, environment, explain = false, key } = input;
  requireAnyPermission(ctx, "entries.read");
  const readable = requireReadableScope(ctx, "config", input);
  const effective = await readEffectiveConfig(ctx, input, { key });
  const isRefusal = !readable.allows(key);
  const resolved = isRefusal ? undefined : effective.resolved.get(key);
  if (resolved === undefined) {
    const scope = describeScope(app, environment);
    throw new Problem("NOT_FOUND", `There is no config "${key}" for ${scope}.`, { isRefusal });
  }
  const { contributors, winner } = resolved;
  const explained = effective.entries.filter((entry) =>
    ctx.permissions.may("entries.read", { kind: "config", ...entry }),
  );
  const tagged = explain ? [...contributors, ...explained] : contributors;
  return {
    revision: effective.revision,
    staleMs: effective.staleMs,
    tag: entityTag(effective.epoch, tagged, explain ? "-explain" : ""),
    body: {
      ...toConfigValue(key, resolved),
      ...(explain
        ? { layers: explained.map((entry) => explainLayer(entry, winner, contributors)) }
        : {}),
    },
  };
};

/** A resolved value as it is answered. */
export const toConfigValue = (
  key: string,
  { contributors, value, winner }: Resolved,
): ConfigValue => ({
  key,
  value,
  type: typeOf(value),
  version: winner.version,
  revision: Math.max(...contributors.map(({ revision }) => revision)),
  scope: publicScope(winner),
});

/** Reads what (app, environment) resolves to, as fresh and of the time that is asked for. */
export const readEffectiveConfig = async (
  ctx: Ctx,
  {
    app,
    at,
    consistency,
    environment,
    minRevision,
  }: ReadOptions & { app: string; environment: string },
  part: Pick<LayersQuery, "key" | "prefix" | "visible">,
): Promise<PositionRead> => {
  const revision = at === undefined ? undefined : await resolveRevision(ctx.sql, at);
  const isStrong = consistency === "strong";
  const query = { kind: "config", app, environment, at: revision, minRevision, isStrong, ...part };
  const effective = await readPosition(ctx, query);
  if (minRevision !== undefined && effective.revision < minRevision) {
    throw new Problem(
      "PRECONDITION_FAILED",
      `This deployment is at revision ${effective.revision}; minRevision ${minRevision} is not reached.`,
      { members: { currentRevision: effective.revision } },
    );
  }
  return effective;
};

const publicScope = ({ app, environment }: LayerEntry): PublicScope => ({
  app: toPublicScope(app),
  environment: toPublicScope(environment),
});

const explainLayer = (
  entry: LayerEntry,
  winner: LayerEntry,
  contributors: readonly LayerEntry[],
): ExplainedLayer => ({
  scope: publicScope(entry),
  value: entry.value,
  version: entry.version,
  revision: entry.revision,
  merge: entry.merge,
  won: entry === winner,
  contributes: contributors.includes(entry),
});
