import type { Context } from "hono";
import { createApp } from "../app.ts";
import type { Deps, Identity } from "../context.ts";
import { handleInternal } from "../edge/handle-internal.ts";
import { hubNameOf } from "../edge/hub/hub-name.ts";
import { noDatabase } from "../edge/no-database.ts";
import { Problem } from "../errors.ts";
import { createDoor } from "../http/door.ts";
import { presentedKey } from "../http/presented-key.ts";
import { createLogger, describeError } from "../platform/log.ts";
import { parseSettings } from "../platform/settings.ts";
import { connectSql, type Sql } from "../platform/sql.ts";
import { buildDeps, type ProcessState } from "./build-deps.ts";
import { authorityOf, type Bindings } from "./edge/bindings.ts";
import { forward } from "./edge/forward.ts";
import { createIsolate, type Isolate } from "./edge/isolate.ts";

export { HeadAuthority } from "./edge/head-authority.ts";
export { StreamHubObject } from "./edge/stream-hub-object.ts";

/** A SQL client lives for one request here, so each request has dependencies of its own. */
interface RequestScope {
  readonly isolate: Isolate;
  deps?: Deps;
  /** Set where PostgreSQL is connected to. */
  sql?: Sql;
  /** Whether something was asked of a database that is not there. */
  needsOrigin: boolean;
}

const log = createLogger();

const scopeOf = (c: Context): RequestScope => c.env as RequestScope;

let isolate: Isolate | undefined;

/** What the bindings say is read once: they are the same for all requests of an isolate. */
const isolateOf = (bindings: Bindings): Isolate => {
  if (isolate?.bindings !== bindings) isolate = createIsolate(bindings, log);
  return isolate;
};

/** With settings that are wrong nothing is served, and the log says what is wrong. */
const refuseAll = (request: Request, cause: unknown): Promise<Response> => {
  const problem =
    cause instanceof Problem && cause.code === "UNAVAILABLE"
      ? cause
      : new Problem("UNAVAILABLE", "This Worker's settings are not valid; its log names them.", {
          cause,
        });
  return createDoor(parseSettings({}), log)(request, () => Promise.reject(problem));
};

const depsOf = (c: Context): Deps => {
  const scope = scopeOf(c);
  scope.deps ??= buildDeps(handleOf(scope), scope.isolate.settings, log, stateOf(scope.isolate));
  return scope.deps;
};

/** What was published here is used, once it is known; until then the database alone answers. */
const stateOf = ({ edge, state }: Isolate): ProcessState =>
  edge !== undefined && isPublishedTo(edge) ? edge.state : state;

type Edge = NonNullable<Isolate["edge"]>;

const isPublishedTo = ({ process }: Edge): boolean => process.layers.memory.point().revision >= 0;

/** Whether it may answer by itself: nobody's revision goes back. */
const mayAnswer = (edge: Edge): boolean => isPublishedTo(edge) && edge.shown.isReached();

const handleOf = (scope: RequestScope): Sql => {
  const { bindings, databaseUrl, edge, settings } = scope.isolate;
  if (databaseUrl !== undefined) {
    // Five is what a Worker's limit on connections leaves room for.
    scope.sql = connectSql(databaseUrl, { max: 5, prepare: bindings.HYPERDRIVE !== undefined });
    return scope.sql;
  }
  const answersAlone = edge !== undefined && isPublishedTo(edge);
  if (settings.originUrl === undefined && !answersAlone) {
    throw new Problem("UNAVAILABLE", "This Worker has no database: bind HYPERDRIVE.");
  }
  return noDatabase(() => {
    scope.needsOrigin = true;
  });
};

/** Such an answer reads on while it is sent; every other one is complete. */
const isStreamed = ({ headers }: Response): boolean =>
  headers.get("content-type") === "application/x-ndjson";

/** A flood of refusals must not take the lock of change sets more often than this. */
const flushEveryMs = 1_000;
let flushAtMs = 0;

/** Writes what an isolate refuses within a second together, at the end of it. */
const flushRefusals = async ({ refusals }: ProcessState, sql: Sql): Promise<void> => {
  if (!refusals.isWaiting() || Date.now() < flushAtMs) return;
  flushAtMs = Date.now() + flushEveryMs;
  await new Promise((resume) => setTimeout(resume, flushEveryMs));
  await refusals.flushOnce(sql);
};

/** After the answer: what was refused is written down, and the connection is given up. */
const finish = async (current: Isolate, sql: Sql): Promise<void> => {
  try {
    await flushRefusals(current.state, sql);
  } catch (error) {
    log.warn("could not write down what was refused", describeError(error));
  }
  await sql.end({ timeout: 5 });
};

const app = createApp({
  deps: depsOf,
  address: (c) => c.req.header("cf-connecting-ip"),
  allowedOrigins: (c) => scopeOf(c).isolate.settings.corsAllowedOrigins ?? [],
});

/** Answers by the app, over the database or what is known here. */
const answerHere = async (
  request: Request,
  scope: RequestScope,
  execution: ExecutionContext,
): Promise<Response> => {
  const { door } = scope.isolate;
  const response = await door(request, () => app.fetch(request, scope, execution));
  if (scope.sql === undefined) return response;
  const { isolate: current, sql } = scope;
  if (response.body === null || !isStreamed(response)) {
    execution.waitUntil(finish(current, sql));
    return response;
  }
  const sent = new TransformStream();
  execution.waitUntil(
    response.body
      .pipeTo(sent.writable)
      .catch(() => {})
      .then(() => finish(current, sql)),
  );
  return new Response(sent.readable, response);
};

/**
 * Without a database: what is known here answers reads; all else, refusals included, is the origin's,
 * which writes down what it refuses. While that is away, a refusal of our own is better than none.
 */
const answerOrForward = async (
  request: Request,
  scope: RequestScope,
  execution: ExecutionContext,
): Promise<Response> => {
  const { door, edge, settings } = scope.isolate;
  const { originUrl } = settings;
  const isRead = request.method === "GET" || request.method === "HEAD";
  const isOurs = isRead && edge !== undefined && mayAnswer(edge);
  const own = isOurs ? await answerHere(request.clone(), scope, execution) : undefined;
  if (originUrl === undefined) return own ?? answerHere(request, scope, execution);
  if (own !== undefined && own.status < 400 && !scope.needsOrigin) return own;
  try {
    const response = await forward(originUrl, request);
    edge?.shown.note(request, response);
    return response;
  } catch (error) {
    const late = isRead && own === undefined ? answerLate(request, scope, execution) : own;
    return (
      (await late) ??
      door(request, () => {
        throw error;
      })
    );
  }
};

/** Longer than a look waits for what was shown to be published. */
const publishingMs = 50;

/** Where the origin went away after it had shown what was not known here: by now it may be. */
const answerLate = async (
  request: Request,
  scope: RequestScope,
  execution: ExecutionContext,
): Promise<Response | undefined> => {
  const { edge } = scope.isolate;
  if (edge === undefined) return undefined;
  await new Promise((resume) => setTimeout(resume, publishingMs));
  await edge.keepFresh(execution, true);
  return mayAnswer(edge) ? answerHere(request, scope, execution) : undefined;
};

const everywhere: Identity["defaults"] = { app: "", environment: "" };

/** Streams come from the hub of their (app, environment); undefined where something else answers. */
const answerByHub = async (
  request: Request,
  { bindings, edge }: Isolate,
): Promise<Response | undefined> => {
  const { HUBS } = bindings;
  // Where more was shown already, a stream must not begin before that.
  if (HUBS === undefined || edge === undefined || !mayAnswer(edge)) return undefined;
  if (hubNameOf(request, everywhere) === undefined) return undefined;
  const reader = await readerOf(request, edge.process);
  const name = reader && hubNameOf(request, reader.defaults);
  if (name === undefined || !mayListen(reader, edge.process, name)) return undefined;
  return HUBS.get(HUBS.idFromName(name)).fetch(request);
};

/** Who is not known makes no hub: somebody else says so. */
const readerOf = async (
  { headers }: Request,
  { access }: Edge["process"],
): Promise<Identity | undefined> => {
  try {
    const identity = await access.identify(noDatabase(), presentedKey(headers));
    return identity.actor.type === "anonymous" ? undefined : identity;
  } catch {
    return undefined;
  }
};

/** A hub is kept for good once it was made, so only for what there is, and for who may see it. */
const mayListen = (
  reader: Identity | undefined,
  { layers }: Edge["process"],
  hubName: string,
): boolean => {
  const [appName = "", environment = ""] = JSON.parse(hubName) as string[];
  const { apps, environments } = layers.memory.names();
  const exists =
    (appName === "" || apps.has(appName)) && (environment === "" || environments.has(environment));
  const visible = reader?.permissions.keys("entries.read", "config", appName, environment);
  return exists && visible !== undefined && visible.permits !== "none";
};

const internalPath = "/internal/layers";

const serve = async (
  request: Request,
  current: Isolate,
  execution: ExecutionContext,
  due: Promise<void> | undefined,
): Promise<Response> => {
  const { bindings, databaseUrl, edge, settings } = current;
  const scope: RequestScope = { isolate: current, needsOrigin: false };
  if (edge === undefined) {
    return databaseUrl === undefined && settings.originUrl !== undefined
      ? answerOrForward(request, scope, execution)
      : answerHere(request, scope, execution);
  }
  const { pathname } = new URL(request.url);
  const { edgePublishSecret: secret } = settings;
  if (pathname === internalPath && secret !== undefined) {
    const authority = authorityOf(bindings);
    return current.door(request, () => handleInternal(request, { secret, authority }));
  }
  await due;
  const quick = due !== undefined && mayAnswer(edge) ? edge.answerAtOnce(request) : undefined;
  if (quick !== undefined) return quick;
  const live = await answerByHub(request, current);
  if (live !== undefined) return live;
  return databaseUrl === undefined
    ? answerOrForward(request, scope, execution)
    : answerHere(request, scope, execution);
};

export default {
  fetch(
    request: Request,
    bindings: Bindings,
    execution: ExecutionContext,
  ): Response | Promise<Response> {
    let current: Isolate;
    try {
      current = isolateOf(bindings);
    } catch (error) {
      return refuseAll(request, error);
    }
    const { edge } = current;
    const due = edge?.keepFresh(execution);
    // Most reads need no more than this: nothing is waited for, and nothing else is looked at.
    const quick =
      edge !== undefined && due === undefined && mayAnswer(edge)
        ? edge.answerAtOnce(request)
        : undefined;
    return quick ?? serve(request, current, execution, due);
  },
};
