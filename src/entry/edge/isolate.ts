import { randomUUID } from "node:crypto";
import { createAccessStore } from "../../access/store/access-store.ts";
import { answerHot } from "../../app.ts";
import { createRefusalLog } from "../../audit/refusals.ts";

import { edgeDocuments } from "../../edge/edge-documents.ts";
import { createEdgeProcess, type EdgeProcess } from "../../edge/edge-process.ts";
import { createLease } from "../../edge/keep-fresh.ts";
import { noDatabase } from "../../edge/no-database.ts";
import { createShown, type Shown } from "../../edge/shown.ts";
import { Problem } from "../../errors.ts";
import { createDoor, type Door } from "../../http/door.ts";
import type { HotDeps } from "../../http/hot.ts";
import { createHotResponses } from "../../http/hot-response.ts";
import type { Logger } from "../../platform/log.ts";
import { noMetrics } from "../../platform/metrics.ts";
import { parseSettings, type Settings } from "../../platform/settings.ts";
import { connectSql } from "../../platform/sql.ts";
import { createTicketBook } from "../../streams/tickets/ticket-book.ts";
import type { ProcessState } from "../build-deps.ts";
import { authorityOf, type Bindings, databaseUrlOf, variablesOf } from "./bindings.ts";

/** What the requests of an isolate share. */
export interface Isolate {
  readonly bindings: Bindings;
  readonly settings: Settings;
  readonly door: Door;
  readonly databaseUrl: string | undefined;
  /** Of an edge that is published to. */
  readonly edge: Edge | undefined;
  /** Of requests that are answered by the database alone. */
  readonly state: ProcessState;
}

interface Edge {
  readonly process: EdgeProcess;
  readonly state: ProcessState;
  readonly keepFresh: ReturnType<typeof createLease>;
  readonly shown: Shown;
  readonly answerAtOnce: (request: Request) => Response | undefined;
}

/** Without polling, what an isolate knows of keys is confirmed when it is older than this. */
const confirmAfterMs = 1_000;

/** @throws Problem where the settings are not valid, or one is missing */
export const createIsolate = (bindings: Bindings, log: Logger): Isolate => {
  const settings = parseSettings(variablesOf(bindings));
  const databaseUrl = databaseUrlOf(bindings);
  const { BOOTSTRAP_ADMIN_KEY: given, HEADS } = bindings;
  if (databaseUrl !== undefined && given === undefined) {
    throw new Problem("UNAVAILABLE", "This Worker has no BOOTSTRAP_ADMIN_KEY secret.");
  }
  // One that nobody knows: the origin is asked then who presents a key that is not known here.
  const bootstrapKey = given ?? randomUUID();
  const { authStalenessMs: stalenessMs } = settings;
  const access = createAccessStore({ bootstrapKey, stalenessMs, confirmAfterMs });
  const refusals = createRefusalLog();
  const state = stateWith({ access, layers: undefined, refusals });
  const isEdge = HEADS !== undefined && settings.edgePublishSecret !== undefined;
  const edge = isEdge ? createEdge({ bindings, settings, bootstrapKey, refusals, log }) : undefined;
  return { bindings, settings, door: createDoor(settings, log), databaseUrl, edge, state };
};

interface EdgeParts extends Pick<ProcessState, "refusals"> {
  readonly bindings: Bindings;
  readonly settings: Settings;
  readonly bootstrapKey: string;
  readonly log: Logger;
}

const createEdge = ({ bindings, bootstrapKey, log, refusals, settings }: EdgeParts): Edge => {
  const authority: Parameters<typeof createEdgeProcess>[0]["authority"] = {
    committed: (...asked) => authorityOf(bindings).committed(...asked),
    readAccess: (known) => authorityOf(bindings).readAccess(known),
  };
  const hasDatabase = databaseUrlOf(bindings) !== undefined;
  const documents = edgeDocuments({
    authority: {
      readHeads: (layers) => authorityOf(bindings).readHeads(layers),
      readParts: (wanted) => authorityOf(bindings).readParts(wanted),
    },
    store: bindings.LAYERS,
  });
  const process = createEdgeProcess({ settings, bootstrapKey, authority, documents, hasDatabase });
  const state = stateWith({ ...process, refusals });
  const parts: HotDeps = { ...state, settings };
  const answerAtOnce = createHotResponses(
    (target, fields) => answerHot(target, fields, parts),
    settings,
  );
  const shown = createShown(process);
  const keepFresh = createLease({
    process,
    shown,
    maxAgeMs: settings.maxStalenessMs,
    open: () => openHandle(bindings),
    log,
  });
  return { process, state, keepFresh, answerAtOnce, shown };
};

/** It connects only where it is asked for something. */
const openHandle = (bindings: Bindings) => {
  const url = databaseUrlOf(bindings);
  if (url === undefined) return { handle: noDatabase(), close: async () => {} };
  const handle = connectSql(url, { max: 1, prepare: bindings.HYPERDRIVE !== undefined });
  return { handle, close: () => handle.end({ timeout: 1 }) };
};

const stateWith = ({
  access,
  layers,
  refusals,
}: Pick<ProcessState, "access" | "layers" | "refusals">): ProcessState => ({
  access,
  layers,
  warmUp: undefined,
  replicas: undefined,
  streams: undefined,
  runtimeStreams: undefined,
  tickets: createTicketBook(),
  metrics: noMetrics,
  refusals,
});
