import { z } from "zod";
import { type FakeServer, type Received, type Reply, startFakeServer } from "./fake-server.ts";

const operationShape = z.looseObject({
  op: z.enum(["put", "delete"]),
  app: z.string().optional(),
  environment: z.string().optional(),
  key: z.string(),
  value: z.unknown().optional(),
});
const changeSetShape = z.looseObject({
  operations: z.array(operationShape),
  dryRun: z.boolean().optional(),
});

type Operation = z.infer<typeof operationShape>;

export interface FakeStore extends FakeServer {
  /** The values that the store holds, by `app/environment/key`. */
  readonly entries: ReadonlyMap<string, unknown>;
  readonly environments: ReadonlySet<string>;
  /** The bodies of the change sets received, dry runs among them. */
  changeSets(): unknown[];
}

interface State {
  readonly entries: Map<string, unknown>;
  readonly environments: Set<string>;
  revision: number;
}

const placeOf = ({ app = "", environment = "", key }: Operation): string =>
  `${app}/${environment}/${key}`;

/** Applies what differs, as the server does: equal values are no change. */
const commit = (state: State, { body }: Received): Reply => {
  const { operations, dryRun = false } = changeSetShape.parse(body);
  const unknown = operations.find(
    ({ environment }) => environment !== undefined && !state.environments.has(environment),
  );
  if (unknown !== undefined) return { status: 404, body: { title: "Not found", status: 404 } };
  const changes = operations.flatMap((operation) => {
    const place = placeOf(operation);
    const before = state.entries.get(place) ?? null;
    const after = operation.op === "delete" ? null : operation.value;
    if (JSON.stringify(before) === JSON.stringify(after)) return [];
    if (!dryRun && operation.op === "delete") state.entries.delete(place);
    if (!dryRun && operation.op === "put") state.entries.set(place, after);
    const { op, app = null, environment = null, key } = operation;
    return [{ op, kind: "config", app, environment, key, version: 1, before, after }];
  });
  if (!dryRun && changes.length > 0) state.revision += 1;
  const effective = changes.map(({ key, before, after }) => ({ key, before, after }));
  const revision = dryRun ? null : state.revision;
  return {
    status: dryRun ? 200 : 201,
    body: { revision, changes, effective, effectiveTotal: effective.length },
  };
};

const layerOf = (state: State, { query }: Received): Reply => {
  const prefix = `${query["app"] ?? ""}/${query["environment"] ?? ""}/`;
  const items = [...state.entries]
    .filter(([place]) => place.startsWith(prefix))
    .map(([place, value]) => ({ key: place.slice(prefix.length), value }));
  return { body: { items } };
};

const appsOf = ({ entries }: State): Reply => {
  const names = new Set([...entries.keys()].map((place) => place.split("/")[0] ?? ""));
  names.delete("");
  return { body: { items: [...names].map((name) => ({ name })) } };
};

const createEnvironment = (state: State, { body }: Received): Reply => {
  const { name } = z.looseObject({ name: z.string() }).parse(body);
  state.environments.add(name);
  return { status: 201, body };
};

const routes: Readonly<Record<string, (state: State, request: Received) => Reply>> = {
  "POST /v1/changes": commit,
  "GET /v1/changes": ({ revision }) => ({ body: { items: [{ revision }] } }),
  "GET /v1/entries": layerOf,
  "GET /v1/apps": appsOf,
  "POST /v1/environments": createEnvironment,
  "GET /v1/environments": ({ environments }) => ({
    body: { items: [...environments].map((name, index) => ({ name, rank: index * 10 })) },
  }),
};

/** A fake server that keeps entries and environments; enough of the contract to apply files to. */
export const startFakeStore = async (
  entries: Readonly<Record<string, unknown>> = {},
  { environments = ["staging", "production"], revision = 7 } = {},
): Promise<FakeStore> => {
  const state: State = {
    entries: new Map(Object.entries(entries)),
    environments: new Set(environments),
    revision,
  };
  const server = await startFakeServer((request) => {
    const route = routes[`${request.method} ${request.path}`];
    return route?.(state, request) ?? { status: 404, body: { title: "Not found" } };
  });
  return Object.assign(server, {
    entries: state.entries,
    environments: state.environments,
    changeSets: () =>
      server.received
        .filter(({ method, path }) => method === "POST" && path === "/v1/changes")
        .map(({ body }) => body),
  });
};
