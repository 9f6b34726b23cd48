import { DurableObject } from "cloudflare:workers";
import { createApp } from "../../app.ts";
import { createRefusalLog } from "../../audit/refusals.ts";
import type { AuthorityReads } from "../../edge/authority/create-authority.ts";
import { edgeDocuments } from "../../edge/edge-documents.ts";
import { createEdgeProcess } from "../../edge/edge-process.ts";
import { createHubProcess, type HubProcess, type HubTimes } from "../../edge/hub/hub-process.ts";
import { createHubSockets, type HubSockets } from "../../edge/hub/hub-sockets.ts";
import { createMissedFromLog } from "../../edge/hub/missed-changes.ts";
import { noDatabase } from "../../edge/no-database.ts";
import { createDoor, type Door } from "../../http/door.ts";
import type { LiveTransport } from "../../http/live.ts";
import { createLogger } from "../../platform/log.ts";
import { noMetrics } from "../../platform/metrics.ts";
import { parseSettings, type Settings } from "../../platform/settings.ts";
import type { SavedStream } from "../../streams/resume-stream.ts";
import { createStreamHub, type StreamHub } from "../../streams/stream-hub.ts";
import { createTicketBook } from "../../streams/tickets/ticket-book.ts";
import { buildDeps } from "../build-deps.ts";
import { authorityOf, type Bindings, variablesOf } from "./bindings.ts";

/** An object has 128 MB for everything. */
const maxLayerMemoryBytes = 32 * 1024 * 1024;
const maxStreams = 10_000;
const paceBytes = 65_536;

interface Hub {
  readonly door: Door;
  readonly app: ReturnType<typeof createApp>;
  readonly sockets: HubSockets;
  readonly process: HubProcess;
  readonly streams: StreamHub;
}

/**
 * The streams of one (app, environment) at an edge. It follows the head authority, which wakes it, and
 * keeps nothing: what it must know of a WebSocket after an eviction is attached to that.
 */
export class StreamHubObject extends DurableObject<Bindings> {
  readonly #hub: Hub;

  constructor(state: DurableObjectState, bindings: Bindings) {
    super(state, bindings);
    this.#hub = createHub(state, bindings, this.times());
  }

  /** Event streams and WebSockets, as every other process answers them. */
  override async fetch(request: Request): Promise<Response> {
    const { app, door, process } = this.#hub;
    return door(request, async () => {
      await process.prepare();
      const response = await app.fetch(request);
      this.ctx.waitUntil(process.arrange());
      return response;
    });
  }

  /** Called by the head authority when it has something new. */
  async wake(): Promise<void> {
    await this.#hub.process.wake();
  }

  override async alarm(): Promise<void> {
    await this.#hub.process.alarm();
  }

  override webSocketMessage(socket: WebSocket, data: string | ArrayBuffer): void {
    this.#hub.sockets.received(socket, data);
  }

  override async webSocketClose(socket: WebSocket): Promise<void> {
    this.#hub.sockets.closed(socket);
    await this.#hub.process.arrange();
  }

  override async webSocketError(socket: WebSocket): Promise<void> {
    await this.webSocketClose(socket);
  }

  protected get streams(): StreamHub {
    return this.#hub.streams;
  }

  /**
   * An alarm costs a request and a written row, 0.37 dollars a month at one in 8 s. It comes sooner than an
   * eviction (10 s), after which all keys would be read anew; idle time between is not billed.
   */
  protected times(): HubTimes {
    return { beatMs: 12_000, lookMs: 5_000, alarmMs: 8_000 };
  }
}

const createHub = (state: DurableObjectState, bindings: Bindings, times: HubTimes): Hub => {
  const log = createLogger();
  const settings = { ...parseSettings(variablesOf(bindings)), maxLayerMemoryBytes };
  const known = openProcess(bindings, settings);
  const { access, layers } = known;
  const streams = createStreamHub({
    access,
    layers,
    maxStreams: Math.min(maxStreams, settings.maxStreams),
    maxStreamsPerKey: settings.maxStreamsPerKey,
    paceBytes,
    missed: createMissedFromLog(authorityIn(bindings), () => layers.memory.names().version),
  });
  const sockets = createHubSockets(state.getWebSockets());
  const handle = noDatabase();
  const process = createHubProcess({
    name: state.id.name ?? "",
    process: known,
    streams,
    sockets,
    authority: authorityIn(bindings),
    setAlarm: (delayMs) => state.storage.setAlarm(Date.now() + delayMs),
    handle,
    times,
    log,
  });
  const deps = buildDeps(handle, settings, log, {
    access,
    layers,
    streams,
    runtimeStreams: undefined,
    warmUp: undefined,
    replicas: undefined,
    tickets: createTicketBook(),
    metrics: noMetrics,
    refusals: createRefusalLog(),
  });
  const app = createApp({
    deps: () => deps,
    address: (c) => c.req.header("cf-connecting-ip"),
    allowedOrigins: () => settings.corsAllowedOrigins ?? [],
    transport: { events: process.sendEvents, socket: acceptOn(state, sockets) },
  });
  return { door: createDoor(settings, log), app, sockets, process, streams };
};

type Asked<Name extends keyof AuthorityReads> = Parameters<AuthorityReads[Name]>;

/** A stub that has failed goes on failing, so each call makes its own. */
const authorityIn = (bindings: Bindings) => ({
  committed: (...asked: Asked<"committed">) => authorityOf(bindings).committed(...asked),
  readAccess: (...asked: Asked<"readAccess">) => authorityOf(bindings).readAccess(...asked),
  readHeads: (...asked: Asked<"readHeads">) => authorityOf(bindings).readHeads(...asked),
  readParts: (...asked: Asked<"readParts">) => authorityOf(bindings).readParts(...asked),
  joinHub: (...asked: Asked<"joinHub">) => authorityOf(bindings).joinHub(...asked),
  leaveHub: (...asked: Asked<"leaveHub">) => authorityOf(bindings).leaveHub(...asked),
});

const openProcess = (bindings: Bindings, settings: Settings) => {
  const authority = authorityIn(bindings);
  return createEdgeProcess({
    settings,
    // One that nobody knows, where none is given.
    bootstrapKey: bindings.BOOTSTRAP_ADMIN_KEY ?? crypto.randomUUID(),
    authority,
    documents: edgeDocuments({ authority, store: bindings.LAYERS }),
    hasDatabase: false,
  });
};

const acceptOn =
  (state: DurableObjectState, sockets: HubSockets): NonNullable<LiveTransport["socket"]> =>
  (_c, events, again) => {
    const { 0: client, 1: server } = new WebSocketPair();
    state.acceptWebSocket(server);
    sockets.begin(server, events, again?.() as Omit<SavedStream, "after">);
    return new Response(null, { status: 101, webSocket: client });
  };
