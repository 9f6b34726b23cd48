import { z } from "zod";
import type { AccessPoint } from "../access/store/read-access.ts";
import type { CachedHeads, CachePoint, LayerHead } from "../layers/cache/layer-cache.ts";
import type { DocumentPart, ListedDocument } from "./document-parts.ts";

/** A request to `POST /internal/layers` has at most so many bytes; what is larger is staged in parts. */
export const maxOperationBytes = 8 * 1024 * 1024;

const whole = z.int().nonnegative();
const epoch = z.string().regex(/^[0-9a-f]{16}$/);
/** Names have no "/", which separates them in a layer's id. */
const name = z
  .string()
  .max(64)
  .regex(/^[^/]*$/);
const layer = z.strictObject({ kind: name, app: name, environment: name });
const hash = z.string().regex(/^[0-9a-f]{32}$/);

const point = z.strictObject({ epoch, revision: whole, namesVersion: whole });
const documentRef = { revision: whole, hash, bytes: whole };
const head = z.strictObject({
  changedAt: whole,
  full: z.strictObject(documentRef),
  deltas: z.array(z.strictObject({ ...documentRef, level: whole })).readonly(),
});

const entry = z.strictObject({
  ...layer.shape,
  id: z.string(),
  key: z.string(),
  version: whole,
  revision: whole,
  deleted: z.boolean(),
  // As it is: a value may have members of any name.
  value: z.unknown(),
  schema: z.unknown().optional(),
  description: z.string().optional(),
  merge: z.enum(["replace", "deep"]),
});

const run = z.strictObject({
  epoch,
  after: whole,
  revisions: z
    .array(
      z.strictObject({
        revision: whole,
        committedAt: z.string(),
        message: z.string(),
        entries: z.array(entry).readonly(),
      }),
    )
    .readonly(),
});

const documentName = z.strictObject({ epoch, layer, revision: whole, hash });
const partNumber = z.int().min(1).max(100_000);
const partName = { name: documentName, part: partNumber };

const accessPoint = z.strictObject({ epoch, version: whole });
const storedKey = z.strictObject({
  id: z.string(),
  name: z.string(),
  hash: z.string().nullable(),
  grants: z.string(),
  defaultApp: z.string(),
  defaultEnvironment: z.string(),
  expiresAt: z.string().nullable(),
  revoked: z.boolean(),
});

/** What a publisher asks of the head authority; one a request. */
const simpleOperation = [
  z.strictObject({ op: z.literal("heads"), layers: z.array(layer) }),
  z.strictObject({
    op: z.literal("move"),
    from: point.nullable(),
    to: point,
    heads: z.array(z.tuple([layer, head])),
    names: z
      .strictObject({
        apps: z.array(z.string()).readonly(),
        environments: z.array(z.string()).readonly(),
      })
      .nullable(),
    isWhole: z.boolean(),
    run: run.nullable(),
  }),
  z.strictObject({
    op: z.literal("put"),
    parts: z.array(z.strictObject({ ...partName, of: partNumber, text: z.string() })),
  }),
  z.strictObject({ op: z.literal("read"), parts: z.array(z.strictObject(partName)).max(8) }),
  z.strictObject({ op: z.literal("list"), epoch, layer }),
  z.strictObject({ op: z.literal("remove"), names: z.array(documentName) }),
  z.strictObject({ op: z.literal("removeEpoch"), epoch }),
  z.strictObject({
    op: z.literal("access"),
    from: accessPoint.nullable(),
    changes: z.strictObject({
      ...accessPoint.shape,
      roles: z
        .array(z.strictObject({ name: z.string(), actions: z.array(z.string()).readonly() }))
        .readonly()
        .nullable(),
      keys: z.array(storedKey).readonly().nullable(),
      whole: z.boolean(),
    }),
  }),
  z.strictObject({
    op: z.literal("confirm"),
    point,
    access: accessPoint,
    mark: z.number().nonnegative().nullable(),
  }),
  z.strictObject({ op: z.literal("status") }),
  z.strictObject({ op: z.literal("reset") }),
] as const;

const stage = z.strictObject({
  op: z.literal("stage"),
  id: z.string().max(64),
  part: partNumber,
  text: z.string(),
});
const staged = z.strictObject({ op: z.literal("staged"), id: z.string().max(64), of: partNumber });

export const simpleOperationShape = z.discriminatedUnion("op", [...simpleOperation]);
export const operationShape = z.discriminatedUnion("op", [...simpleOperation, stage, staged]);

export type SimpleOperation = z.infer<typeof simpleOperationShape>;
export type Operation = z.infer<typeof operationShape>;

/** How an edge is doing. */
export interface EdgeState {
  /** What readers are served; null where nothing was published yet. */
  readonly point: CachePoint | null;
  readonly access: AccessPoint | null;
  /** Whether layers are published anew, or for the first time. */
  readonly isFilling: boolean;
  readonly heads: number;
  /** Whole documents, and their size; while it is filled, those that have come since. */
  readonly documents: number;
  readonly bytes: number;
  /** Revisions after this one are in the log; null where it is empty. */
  readonly logAfter: number | null;
  readonly hubs: number;
}

/** Heads as JSON tells them. */
interface ToldHeads extends Pick<CachedHeads, "point" | "names"> {
  readonly heads: readonly (LayerHead | null)[];
  readonly replaced?: string | null | undefined;
}

/** What each operation is answered. */
export interface OperationAnswers {
  heads: ToldHeads | null;
  move: { readonly moved: boolean };
  put: null;
  read: readonly (DocumentPart | null)[];
  list: readonly ListedDocument[];
  remove: null;
  removeEpoch: null;
  access: { readonly moved: boolean; readonly point: AccessPoint | null };
  confirm: { readonly access: AccessPoint | null; readonly mark: number };
  status: EdgeState;
  reset: null;
}
