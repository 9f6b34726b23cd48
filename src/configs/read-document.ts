import { createHash } from "node:crypto";
import { type Ctx, requirePermission } from "../context.ts";
import type { Json } from "../platform/json.ts";
import { toPublicScope } from "../platform/names.ts";
import { type Read, type ReadOptions, readEffectiveConfig } from "./read-config.ts";

export interface ReadDocumentInput extends ReadOptions {
  readonly app: string;
  readonly environment: string;
  readonly prefix?: string | undefined;
}

export interface ConfigDocument {
  readonly app: string | null;
  readonly environment: string | null;
  /** The newest revision that changed one of its layers, so equal documents say the same. */
  readonly revision: number;
  readonly values: Readonly<Record<string, Json>>;
}

/**
 * Every effective value of (app, environment), by key in order.
 *
 * @throws Problem `NOT_FOUND`, `PRECONDITION_FAILED` (a `minRevision` that is not reached)
 */
export const readDocument = async (
  ctx: Ctx,
  input: ReadDocumentInput,
): Promise<Read<ConfigDocument>> => {
  const { app, environment, prefix } = input;
  requirePermission(ctx, "entries.read", { kind: "config", app, environment });
  const effective = await readEffectiveConfig(ctx, input, { prefix });
  const values: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const [key, { value }] of effective.resolved) values[key] = value;
  return {
    revision: effective.revision,
    tag: documentTag(effective.epoch, effective.headRevision, input),
    body: {
      app: toPublicScope(app),
      environment: toPublicScope(environment),
      revision: effective.headRevision,
      values,
    },
  };
};

/** Over what was evaluated: epoch, head of the layers, and what was asked for. */
const documentTag = (
  epoch: string,
  headRevision: number,
  { app, environment, prefix }: ReadDocumentInput,
): string => {
  const evaluated = JSON.stringify([epoch, headRevision, app, environment, prefix ?? ""]);
  return `"${createHash("sha256").update(evaluated).digest("base64url").slice(0, 27)}"`;
};
