import type { Context } from "hono";
import { createAccessStore } from "../access/store/access-store.ts";
import { createApp } from "../app.ts";
import { createRefusalLog } from "../audit/refusals.ts";
import type { Deps } from "../context.ts";
import { Problem } from "../errors.ts";
import { createDoor, type Door } from "../http/door.ts";
import { createLogger, describeError } from "../platform/log.ts";
import { noMetrics } from "../platform/metrics.ts";
import { parseSettings, type Settings } from "../platform/settings.ts";
import { connectSql, type Sql } from "../platform/sql.ts";
import { createTicketBook } from "../streams/tickets/ticket-book.ts";
import { buildDeps, type ProcessState } from "./build-deps.ts";

interface Bindings {
  /** The database through Cloudflare's pool; preferred over DATABASE_URL. */
  readonly HYPERDRIVE?: Hyperdrive;
  readonly DATABASE_URL?: string;
  readonly BOOTSTRAP_ADMIN_KEY?: string;
}

/** A SQL client lives for one request here, so each request has dependencies of its own. */
interface RequestScope {
  readonly bindings: Bindings;
  deps?: Deps;
  sql?: Sql;
}

const log = createLogger();

const scopeOf = (c: Context): RequestScope => c.env as RequestScope;

let front:
  | { readonly bindings: Bindings; readonly settings: Settings; readonly door: Door }
  | undefined;

/** What the bindings say is read once: they are the same for all requests of an isolate. */
const frontOf = (bindings: Bindings): NonNullable<typeof front> => {
  if (front?.bindings === bindings) return front;
  const { HYPERDRIVE: _, ...variables } = bindings;
  const settings = parseSettings(variables);
  front = { bindings, settings, door: createDoor(settings, log) };
  return front;
};

/** With settings that are wrong nothing is served, and the log says what is wrong. */
const doorOf = (bindings: Bindings): Door => {
  try {
    return frontOf(bindings).door;
  } catch (cause) {
    const door = createDoor(parseSettings({}), log);
    const detail = "This Worker's settings are not valid; its log names them.";
    const problem = new Problem("UNAVAILABLE", detail, { cause });
    return (request) => door(request, () => Promise.reject(problem));
  }
};

const depsOf = (c: Context): Deps => {
  const scope = scopeOf(c);
  if (scope.deps !== undefined) return scope.deps;
  const { HYPERDRIVE } = scope.bindings;
  const { settings } = frontOf(scope.bindings);
  const url = HYPERDRIVE?.connectionString ?? settings.databaseUrl;
  if (url === undefined) {
    throw new Problem("UNAVAILABLE", "This Worker has no database: bind HYPERDRIVE.");
  }
  // Five is what a Worker's limit on connections leaves room for.
  scope.sql = connectSql(url, { max: 5, prepare: HYPERDRIVE !== undefined });
  scope.deps = buildDeps(scope.sql, settings, log, stateOf(scope.bindings, settings));
  return scope.deps;
};

/** Of an isolate: requests share it, and each confirms what is older than a second. */
let state: (ProcessState & { readonly key: string }) | undefined;

const stateOf = ({ BOOTSTRAP_ADMIN_KEY: key }: Bindings, settings: Settings): ProcessState => {
  if (key === undefined || key.length < 16) {
    throw new Problem("UNAVAILABLE", "This Worker has no BOOTSTRAP_ADMIN_KEY secret.");
  }
  if (state?.key !== key) {
    const { authStalenessMs: stalenessMs } = settings;
    const access = createAccessStore({ bootstrapKey: key, stalenessMs, confirmAfterMs: 1_000 });
    state = {
      key,
      access,
      layers: undefined,
      warmUp: undefined,
      replicas: undefined,
      streams: undefined,
      tickets: createTicketBook(),
      metrics: noMetrics,
      refusals: createRefusalLog(),
    };
  }
  return state;
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
const finish = async (sql: Sql): Promise<void> => {
  try {
    if (state !== undefined) await flushRefusals(state, sql);
  } catch (error) {
    log.warn("could not write down what was refused", describeError(error));
  }
  await sql.end({ timeout: 5 });
};

const app = createApp({
  deps: depsOf,
  address: (c) => c.req.header("cf-connecting-ip"),
  allowedOrigins: (c) => frontOf(scopeOf(c).bindings).settings.corsAllowedOrigins ?? [],
});

export default {
  async fetch(
    request: Request,
    bindings: Bindings,
    execution: ExecutionContext,
  ): Promise<Response> {
    const scope: RequestScope = { bindings };
    const response = await doorOf(bindings)(request, () => app.fetch(request, scope, execution));
    if (scope.sql === undefined) return response;
    const { sql } = scope;
    if (response.body === null || !isStreamed(response)) {
      execution.waitUntil(finish(sql));
      return response;
    }
    const sent = new TransformStream();
    execution.waitUntil(
      response.body
        .pipeTo(sent.writable)
        .catch(() => {})
        .then(() => finish(sql)),
    );
    return new Response(sent.readable, response);
  },
};
