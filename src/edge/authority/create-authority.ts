import { z } from "zod";
import type { SourcedAccess } from "../../access/store/access-sync.ts";
import type { AccessPoint } from "../../access/store/read-access.ts";
import { type ErrorCode, Problem } from "../../errors.ts";
import type { CachedHeads } from "../../layers/cache/layer-cache.ts";
import type { MemoryPoint } from "../../layers/memory/layer-memory.ts";
import type { LayerName } from "../../layers/memory/memory-layer.ts";
import type { Committed } from "../../layers/memory/read-committed.ts";
import type { DocumentPart, PartName } from "../document-parts.ts";
import type { Operation } from "../operations.ts";
import { readAccess } from "./access.ts";
import type { AuthoritySql } from "./authority-sql.ts";
import { createConfirmations } from "./confirmations.ts";
import { type CopyStore, copyDocuments, isCopyOwed } from "./copy-documents.ts";
import { readParts } from "./documents.ts";
import { readHeads } from "./heads.ts";
import { joinHub, leaveHub, wakeHubs } from "./hubs.ts";
import { performOperation } from "./perform-operation.ts";
import { committed } from "./run-log.ts";
import { createTables } from "./schema.ts";
import { useToken } from "./used-tokens.ts";

/** A token that was verified: it counts once. */
export interface Permit {
  readonly id: string;
  /** Until when it could be used. */
  readonly untilMs: number;
}

/** What a publisher is answered. Errors lose their class on the way between Workers. */
export type AuthorityReply =
  | { readonly answer: unknown }
  | { readonly refusal: { readonly code: ErrorCode; readonly detail: string } };

/** What readers ask, isolates and hubs. */
export interface AuthorityReads {
  /** What was committed after a point; undefined where nothing was published yet. */
  committed(point: MemoryPoint, namesVersion: number): Committed | undefined;
  readHeads(layers: readonly LayerName[]): CachedHeads | undefined;
  /** At most 8 at once; undefined for what is not there. */
  readParts(wanted: readonly PartName[]): readonly (DocumentPart | undefined)[];
  readAccess(known: AccessPoint): SourcedAccess | undefined;
  joinHub(name: string): void;
  leaveHub(name: string): void;
}

/** The one place where heads of an edge move; everything that it knows is in its storage. */
export interface Authority extends AuthorityReads {
  /** Uses the permit up, and does what the publisher asks for, if nobody used it before. */
  perform(permit: Permit, operation: Operation): AuthorityReply & { readonly isNews: boolean };
  /** Brings KV up to date; calls at one time share the work. */
  copyOnce(): Promise<{ readonly copied: number; readonly removed: number }>;
  /** Whether KV is behind. */
  isCopyOwed(): boolean;
  /** Tells the hubs that there is something new. */
  wakeOnce(): Promise<{ readonly woken: number; readonly failed: number }>;
}

interface AuthorityOptions {
  readonly sql: AuthoritySql;
  /** Without it there are no copies, and readers ask the authority alone. */
  readonly store: CopyStore | undefined;
  readonly wake: (hub: string) => Promise<unknown>;
  readonly nowMs?: () => number;
}

export const createAuthority = (options: AuthorityOptions): Authority => {
  const { nowMs = () => Date.now(), sql, store, wake } = options;
  createTables(sql);
  const confirmations = createConfirmations(sql, nowMs);
  let copying: ReturnType<Authority["copyOnce"]> | undefined;
  return {
    committed(point, namesVersion) {
      const told = committed(sql, point, namesVersion);
      return told && { ...told, ageMs: confirmations.layersAgeMs() };
    },
    readHeads: (layers) => readHeads(sql, layers),
    readParts: (wanted) => readParts(sql, wanted),
    readAccess(known) {
      const told = readAccess(sql, known);
      return told && { ...told, ageMs: confirmations.accessAgeMs() };
    },
    joinHub: (name) => joinHub(sql, name),
    leaveHub: (name) => leaveHub(sql, name),
    perform(permit, operation) {
      if (!useToken(sql, permit, nowMs())) return refusal(used);
      try {
        return performOperation(sql, operation, nowMs(), confirmations);
      } catch (error) {
        return refusal(error);
      }
    },
    async copyOnce() {
      if (store === undefined) return { copied: 0, removed: 0 };
      copying ??= copyDocuments(sql, store).finally(() => {
        copying = undefined;
      });
      return copying;
    },
    isCopyOwed: () => store !== undefined && isCopyOwed(sql),
    wakeOnce: () => wakeHubs(sql, wake),
  };
};

const used = new Problem("UNAUTHENTICATED", "The token was used before.");

const refusal = (error: unknown): ReturnType<Authority["perform"]> => {
  if (error instanceof Problem) {
    return { refusal: { code: error.code, detail: error.message }, isNews: false };
  }
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    const detail = "What was staged is not an operation.";
    return { refusal: { code: "INVALID_INPUT", detail }, isNews: false };
  }
  throw error;
};
