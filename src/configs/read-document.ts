import { createHash } from "node:crypto";
import { type Ctx, requireAnyPermission, type ScopeDefaults } from "../context.ts";
import type { Effective } from "../layers/read-effective.ts";
import { requireReadableScope } from "../layers/require-scope.ts";
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
 * Every effective value of (app, environment) that the reader may see, by key in order.
 *
 * @throws Problem `NOT_FOUND`, `PRECONDITION_FAILED` (a `minRevision` that is not reached)
 */
export const readDocument = async (
  ctx: Ctx,
  input: ReadDocumentInput,
): Promise<Read<ConfigDocument>> => {
  const { prefix } = input;
  requireAnyPermission(ctx, "entries.read");
  const visible = requireReadableScope(ctx, "config", input);
  const effective = await readEffectiveConfig(ctx, input, { prefix, visible });
  return {
    revision: effective.revision,
    staleMs: effective.staleMs,
    tag: documentTag(effective, input, visible.fingerprint),
    body: toDocument(effective, input),
  };
};

/** A document as it is answered. */
export const toDocument = (
  { headRevision, resolved }: Pick<Effective, "headRevision" | "resolved">,
  { app, environment }: ScopeDefaults,
): ConfigDocument => {
  const values: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const [key, { value }] of resolved) values[key] = value;
  return {
    app: toPublicScope(app),
    environment: toPublicScope(environment),
    revision: headRevision,
    values,
  };
};

/** Over what was evaluated: epoch, head of the layers, what was asked for, and what may be seen of it. */
export const documentTag = (
  { epoch, headRevision }: Pick<Effective, "epoch" | "headRevision">,
  { app, environment, prefix }: Pick<ReadDocumentInput, "app" | "environment" | "prefix">,
  visible: string,
): string => {
  const evaluated = JSON.stringify([epoch, headRevision, app, environment, prefix ?? "", visible]);
  return `"${createHash("sha256").update(evaluated).digest("base64url").slice(0, 27)}"`;
};
