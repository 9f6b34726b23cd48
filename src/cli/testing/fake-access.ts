import { z } from "zod";
import { type FakeServer, type Received, type Reply, startFakeServer } from "./fake-server.ts";

const grantShape = z.strictObject({
  role: z.string(),
  effect: z.enum(["allow", "deny"]).default("allow"),
  app: z.string().optional(),
  environment: z.string().optional(),
  kinds: z.array(z.string()).optional(),
  keys: z.array(z.string()).optional(),
});
const newKeyShape = z.strictObject({
  name: z.string(),
  grants: z.array(grantShape),
  defaults: z
    .strictObject({ app: z.string().optional(), environment: z.string().optional() })
    .optional(),
  expiresAt: z.iso.datetime({ offset: true }).optional(),
});
const roleShape = z.strictObject({
  name: z.string(),
  description: z.string().default(""),
  actions: z.array(z.string()),
});

type Stored = Record<string, unknown> & { readonly id: string; readonly state: string };

interface State {
  /** By the whole key. */
  readonly keys: Map<string, Stored>;
  readonly roles: Map<string, object>;
}

const problem = (status: number, code: string, members: object = {}): Reply => ({
  status,
  body: { type: `/docs/errors/${code}`, title: `Title of ${code}`, status, code, ...members },
});

const notFound = problem(404, "NOT_FOUND");

const createKey = ({ keys, roles }: State, { body }: Received): Reply => {
  const { name, grants, defaults, expiresAt } = newKeyShape.parse(body);
  const wrong = grants.findIndex(({ role }) => !roles.has(role));
  if (wrong !== -1) {
    const path = `grants.${wrong}.role`;
    const message = "there is no such role";
    const errors = [{ path, message }];
    return problem(400, "INVALID_INPUT", { detail: `${path}: ${message}`, errors });
  }
  const id = String(keys.size).padStart(16, "k");
  const key = `fl_${id}_${"s".repeat(49)}${keys.size}`;
  const stored = {
    id,
    name,
    state: "active",
    grants,
    defaults: { app: null, environment: null, ...defaults },
    createdAt: "2026-11-20T12:00:00.000Z",
    createdBy: "bootstrap",
    expiresAt: expiresAt ?? null,
    lastUsedAt: null,
    revokedAt: null,
    revokedBy: null,
  };
  keys.set(key, stored);
  return { status: 201, body: { ...stored, key } };
};

const listKeys = ({ keys }: State, { query }: Received): Reply => {
  const wanted = query["state"] ?? "active";
  const items = [...keys.values()].filter(({ state }) => wanted === "all" || state === wanted);
  return { body: { items } };
};

const oneKey = ({ keys }: State, { method }: Received, id: string): Reply => {
  const [key, stored] = [...keys].find(([, candidate]) => candidate.id === id) ?? [];
  if (key === undefined || stored === undefined) return notFound;
  if (method === "GET") return { body: stored };
  if (stored.state === "revoked") return notFound;
  const revocation = { revokedAt: "2026-11-20T13:00:00.000Z", revokedBy: "bootstrap" };
  keys.set(key, { ...stored, state: "revoked", ...revocation });
  return { status: 204 };
};

const whoami = ({ keys }: State, { headers }: Received): Reply => {
  const stored = keys.get(headers.authorization?.slice("Bearer ".length) ?? "");
  if (stored?.state === "revoked") return problem(401, "UNAUTHENTICATED");
  const { id, name, grants, defaults, expiresAt } = stored ?? {
    id: "bootstrap",
    name: "bootstrap",
    grants: [{ role: "admin", effect: "allow" }],
    defaults: { app: null, environment: null },
    expiresAt: null,
  };
  const authentication = stored === undefined ? "bootstrap-key" : "api-key";
  const actor = { type: "key", id };
  const actions = ["entries.read"];
  return { body: { actor, name, authentication, grants, defaults, expiresAt, actions } };
};

const writeRole = ({ roles }: State, { method, body }: Received, name?: string): Reply => {
  const role = { ...roleShape.parse({ name, ...(body as object) }), builtIn: false };
  roles.set(role.name, role);
  return { status: method === "POST" ? 201 : 200, body: role };
};

const oneRole = (state: State, request: Received, name: string): Reply => {
  if (!state.roles.has(name)) return notFound;
  if (request.method === "PUT") return writeRole(state, request, name);
  const isUsed = [...state.keys.values()].some(({ grants }) =>
    JSON.stringify(grants).includes(`"${name}"`),
  );
  if (isUsed) return problem(409, "CONFLICT", { detail: "A key has this role." });
  state.roles.delete(name);
  return { status: 204 };
};

const routes: readonly [RegExp, (state: State, request: Received, name: string) => Reply][] = [
  [/^POST \/v1\/api-keys$/, createKey],
  [/^GET \/v1\/api-keys$/, listKeys],
  [/^(?:GET|DELETE) \/v1\/api-keys\/([^/]+)$/, oneKey],
  [/^GET \/v1\/whoami$/, whoami],
  [/^GET \/v1\/roles$/, ({ roles }) => ({ body: { items: [...roles.values()] } })],
  [/^POST \/v1\/roles$/, (state, request) => writeRole(state, request)],
  [/^(?:PUT|DELETE) \/v1\/roles\/([^/]+)$/, oneRole],
];

/** A fake server with the routes of access: keys and roles that live as long as it does. */
export const startFakeAccess = async (): Promise<FakeServer> => {
  const names = ["viewer", "editor", "admin"];
  const state: State = {
    keys: new Map(),
    roles: new Map(
      names.map((name) => [
        name,
        { name, description: "", actions: ["entries.read"], builtIn: true },
      ]),
    ),
  };
  return startFakeServer((request) => {
    const line = `${request.method} ${request.path}`;
    for (const [pattern, answer] of routes) {
      const match = pattern.exec(line);
      if (match !== null) return answer(state, request, match[1] ?? "");
    }
    return notFound;
  });
};
