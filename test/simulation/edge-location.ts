import type { AuthorityReads } from "../../src/edge/authority/create-authority.ts";
import { copyNameOf } from "../../src/edge/copy-names.ts";
import { edgeDocuments } from "../../src/edge/edge-documents.ts";
import { noDatabase } from "../../src/edge/no-database.ts";
import { type DocumentName, layerIdOf } from "../../src/layers/cache/layer-cache.ts";
import type { Settings } from "../../src/platform/settings.ts";
import { type Bug, committedLike, documentsLike, processLike } from "./bugs.ts";
import { type Link, steadyTarget } from "./network.ts";
import type { Origin } from "./origin.ts";
import { originSql } from "./origin-sql.ts";
import type { SimulatedAuthority } from "./simulated-authority.ts";
import { createSimulatedIsolate, type SimulatedIsolate } from "./simulated-isolate.ts";
import type { SimulatedKv } from "./simulated-kv.ts";

/** How a location reaches the origin: its database, its API, or not at all. */
export type WayToOrigin = "database" | "api" | "none";

/** What an edge location has to work with. */
export interface LocationParts {
  readonly number: number;
  readonly authority: SimulatedAuthority;
  readonly origin: Origin;
  readonly kv: SimulatedKv;
  readonly settings: Settings;
  readonly toAuthority: Link;
  readonly toKv: Link;
  readonly toOrigin: Link;
  readonly way: WayToOrigin;
  readonly bug: Bug | undefined;
}

/** A new isolate of a location: it knows nothing. */
export const startIsolate = (parts: LocationParts): SimulatedIsolate => {
  const { authority, bug, kv, number, origin, settings, toAuthority, toKv, toOrigin, way } = parts;
  const ask = <Result>(question: (reads: AuthorityReads) => Result): Promise<Result> =>
    toAuthority.call(authority, () => question(authority.reads()));
  const documents = edgeDocuments({
    authority: {
      readHeads: (names) => ask((reads) => reads.readHeads(names)),
      readParts: (wanted) => ask((reads) => reads.readParts(wanted)),
    },
    store: {
      get: (name) => toKv.call(steadyTarget, () => kv.read(number, name) ?? null),
    },
  });
  const textInKv = ({ layer, ...name }: DocumentName): string | undefined => {
    const copy = kv.read(number, copyNameOf({ ...name, layer: layerIdOf(layer) }, 1));
    return copy?.slice(copy.indexOf(":") + 1);
  };
  const hasDatabase = way === "database";
  const handleOf = hasDatabase ? () => originSql(origin, toOrigin) : noDatabase;
  return createSimulatedIsolate({
    settings,
    documents: documentsLike(bug, documents, textInKv),
    authority: {
      committed: async (point, namesVersion) =>
        committedLike(bug, await ask((reads) => reads.committed(point, namesVersion))),
      readAccess: (known) => ask((reads) => reads.readAccess(known)),
    },
    hasDatabase,
    handleOf,
    forward:
      way !== "api"
        ? undefined
        : () => toOrigin.call(steadyTarget, () => origin.current().newest()),
    alter: (process) => processLike(bug, process),
  });
};
