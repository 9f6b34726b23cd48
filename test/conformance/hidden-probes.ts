import type { ApiRequest } from "../helpers/http-api.ts";
import type { World } from "./hidden-world.ts";
import { put, remove } from "./vocabulary.ts";

/** Every route that reads, at what may be seen and at what may not. */
export const readRequests = (world: World): readonly ApiRequest[] =>
  [...valuePaths(world), ...listPaths(world), ...seedPaths(world)].map((path) => ({
    method: "GET",
    path,
  }));

/** Past every revision that there is. */
export const farRevision = 999_999_999;

const valuePaths = ({ app, first, last, otherApp, time }: World): readonly string[] => {
  const scope = `app=${app}&environment=staging`;
  const hiddenScopes = [
    `app=${app}`,
    `app=${app}&environment=production`,
    `app=${otherApp}&environment=staging`,
    "environment=staging",
    "",
  ];
  const scopes = [scope, ...hiddenScopes];
  const past = [`&at=${first}`, `&at=${last}`, `&at=${time}`, `&at=${farRevision}`];
  const documents = [
    "&prefix=open.",
    "&prefix=hidden.",
    `&minRevision=${farRevision}`,
    "&consistency=strong",
    "&at=2999-01-01T00:00:00Z",
    ...past,
  ];
  return [
    ...["open.a", "open.app-wide", "hidden.old", "other.fresh"].flatMap((key) => [
      `/v1/config/${key}?${scope}`,
      `/v1/config/${key}?${scope}&explain=true`,
      `/v1/config/${key}?${scope}&at=${last}&explain=true`,
      `/v1/history?kind=config&${scope}&key=${key}`,
      `/v1/changes?key=${key}`,
    ]),
    ...past.map((more) => `/v1/config/open.a?${scope}${more}`),
    ...hiddenScopes.flatMap((query) => [
      `/v1/config/open.a?${query}`,
      `/v1/history?kind=config&${query}&key=open.a`,
    ]),
    ...scopes.flatMap((query) => [
      `/v1/config?${query}`,
      `/v1/entries?${query}`,
      `/v1/changes?${query}`,
      `/v1/diff?from=0&to=${last}&${query}`,
    ]),
    ...documents.map((more) => `/v1/config?${scope}${more}`),
  ];
};

const listPaths = ({ app, first, hiddenRevision, last }: World): readonly string[] => [
  `/v1/entries?app=${app}&environment=staging&limit=1`,
  `/v1/entries?app=${app}&environment=staging&prefix=hidden.`,
  `/v1/history?kind=config&app=${app}&environment=staging&key=open.a&limit=1`,
  `/v1/changes?after=${first - 1}`,
  `/v1/changes?after=${first - 1}&limit=1`,
  `/v1/changes?app=${app}&environment=staging&limit=1`,
  ...[first, first + 1, last, hiddenRevision].map((revision) => `/v1/changes/${revision}`),
  `/v1/changes/${first}?limit=1`,
  `/v1/diff?from=${first}&to=${last}`,
  `/v1/diff?from=${last}&to=0&limit=1`,
  `/v1/diff?from=0&to=${farRevision}`,
  ...[
    ["staging", "development"],
    ["development", "staging"],
    ["staging", "production"],
    ["production", "staging"],
    ["staging", "no-such"],
  ].map(([from, to]) => `/v1/diff?fromEnvironment=${from}&toEnvironment=${to}&app=${app}`),
  "/v1/environments",
  "/v1/environments?limit=1",
  "/v1/apps",
  "/v1/audit",
  "/v1/audit?limit=1",
  `/v1/audit?revision=${last}`,
  `/v1/audit?revision=${hiddenRevision}`,
  `/v1/audit/export?after=1`,
  "/v1/api-keys?state=all",
  "/v1/whoami",
  "/v1/roles",
];

const seedPaths = ({ app, hiddenId, otherApp, visibleId }: World): readonly string[] => [
  `/config/${app}?environment=staging`,
  `/config/${app}?environment=production`,
  `/config/${app}`,
  `/config/${otherApp}?environment=staging`,
  `/config/${app}/history?environment=staging`,
  `/config/${app}/history?environment=staging&limit=1`,
  `/config/${app}/history?environment=production`,
  `/config/${otherApp}/history?environment=staging`,
  "/api/v1/configs",
  "/api/v1/configs?limit=1",
  `/api/v1/configs?app_id=${app}`,
  `/api/v1/configs?app_id=${app}&environment=staging`,
  `/api/v1/configs?app_id=${app}&environment=production`,
  `/api/v1/configs?app_id=${otherApp}`,
  `/api/v1/configs/${visibleId}`,
  `/api/v1/configs/${hiddenId}`,
  "/environments",
];

/** Every route that writes: tried only, refused, or with nothing to change. */
export const writeRequests = (world: World): readonly ApiRequest[] =>
  [...changeBodies(world), ...rollbackBodies(world), ...seedBodies(world)].map(toRequest);

/** Method and path, and the body if there is one. */
type Line = readonly [string, object?];

const toRequest = ([line, body]: Line): ApiRequest => {
  const [method = "", path = ""] = line.split(" ");
  if (body === undefined) return { method, path };
  const headers = { "content-type": "application/json" };
  return { method, path, headers, body: JSON.stringify(body) };
};

const changeBodies = ({ app, otherApp }: World): readonly Line[] => {
  const at = { app, environment: "staging" };
  const bodies = [
    [put({ ...at, key: "open.new", value: 1 })],
    [put({ ...at, key: "open.a", value: 4 }), put({ ...at, key: "open.new", value: 4 })],
    [put({ ...at, key: "open.b", value: "breaks its schema" })],
    [put({ ...at, key: "open.a", value: 4, expectedVersion: 7 })],
    [put({ ...at, key: "open.a", value: 4 }), put({ ...at, key: "hidden.old", value: 1 })],
    [remove({ ...at, key: "open.a" })],
    [remove({ ...at, key: "open.a" }), remove({ ...at, key: "open.b" })],
    ...["hidden.old", "other.fresh"].flatMap((key) => [
      [put({ ...at, key, value: 1 })],
      [put({ ...at, key, value: 1, expectedVersion: 0 })],
      [remove({ ...at, key })],
      [remove({ app, key })],
    ]),
    [put({ app, environment: "production", key: "open.a", value: 1 })],
    [put({ app, environment: "no-such", key: "open.a", value: 1 })],
    [put({ app, environment: "development", key: "open.a", value: 1 })],
    [put({ app: otherApp, environment: "staging", key: "open.a", value: 1 })],
    [put({ app, key: "open.a", value: 1 })],
    [put({ key: "open.a", value: 1 })],
  ];
  const forbidden = [put({ ...at, key: "hidden.old", value: 1 })];
  return [
    ...bodies.map((operations): Line => ["POST /v1/changes", { dryRun: true, operations }]),
    ["POST /v1/changes", { operations: forbidden }],
    ["POST /v1/changes", { operations: [put({ ...at, key: "open.a", value: 3 })] }],
  ];
};

const rollbackBodies = ({ app, first, last, otherApp }: World): readonly Line[] => {
  const at = { app, environment: "staging" };
  const entry = { kind: "config", ...at };
  const bodies = [
    { toRevision: first },
    { toRevision: first, ...at },
    { toRevision: 0, ...at },
    { toRevision: 0, ...at, allowLargeChange: true },
    { toRevision: first, app, environment: "production" },
    { toRevision: first, app: otherApp, environment: "staging" },
    { toRevision: first, app, environment: null },
    { ...entry, key: "open.a", toVersion: 1 },
    { ...entry, key: "open.a", toVersion: 9 },
    { ...entry, key: "hidden.old", toVersion: 1 },
    { ...entry, key: "other.fresh", toVersion: 1 },
    { ...entry, environment: "production", key: "open.a", toVersion: 1 },
  ];
  return [
    ...bodies.map((body): Line => ["POST /v1/rollback", { ...body, dryRun: true }]),
    ["POST /v1/rollback", { toRevision: last, ...at }],
    ["POST /v1/rollback", { ...entry, key: "hidden.old", toVersion: 1 }],
    [`POST /config/${app}/rollback`, { environment: "staging", version: last }],
    [`POST /config/${app}/rollback`, { environment: "production", version: last }],
    [`POST /config/${otherApp}/rollback`, { environment: "staging", version: last }],
  ];
};

const seedBodies = ({ app, hiddenId, otherApp }: World): readonly Line[] => {
  const environment = "staging";
  const whole = { open: { a: 3, b: [1] } };
  const keys = ["hidden.old", "other.fresh"];
  return [
    ...keys.flatMap((key): Line[] => [
      [`PUT /v1/config/${key}?app=${app}&environment=staging`, { value: 1 }],
      ["POST /api/v1/configs", { app_id: app, environment, key, value: 1 }],
      [`POST /config/${app}?environment=staging`, { [key]: 1 }],
      ["POST /validate", { service: app, environment, config: { [key]: 1 } }],
    ]),
    [`PUT /v1/config/open.a?app=${app}&environment=production`, { value: 1 }],
    ["POST /api/v1/configs", { app_id: app, environment, key: "open.a", value: 1 }],
    [`PUT /api/v1/configs/${hiddenId}`, { value: 1 }],
    [`DELETE /api/v1/configs/${hiddenId}`],
    [`POST /config/${app}?environment=staging`, whole],
    [`POST /config/${app}?environment=staging&replace=true`, whole],
    [`POST /config/${app}?environment=staging&replace=true`, { ...whole, "hidden.old": 1 }],
    [`POST /config/${app}?environment=production&replace=true`, {}],
    ["POST /validate", { service: app, environment, config: { "open.a": 9 } }],
    ["POST /validate", { service: app, environment: "production", config: { "open.a": 9 } }],
    ["POST /validate", { service: otherApp, environment, config: { "open.a": 9 } }],
    ["POST /api/v1/configs/fetch", { app_id: app, environment }],
    ["POST /api/v1/configs/fetch", { app_id: app, environment, keys: [...keys, "open.a"] }],
    ["POST /api/v1/configs/fetch", { app_id: app, environment: "production" }],
    ["POST /v1/apps", { name: otherApp }],
  ];
};

/** Every route that names a scope, at one scope. */
export const scopeRequests = (app: string, environment: string): readonly ApiRequest[] => {
  const query = `app=${app}&environment=${environment}`;
  const scope = { app, environment };
  const change = (operation: object): object => ({ dryRun: true, operations: [operation] });
  const reads = [
    `/v1/config/open.a?${query}`,
    `/v1/config/open.a?${query}&explain=true`,
    `/v1/config?${query}`,
    `/v1/config?${query}&prefix=open.&at=0`,
    `/v1/config?${query}&consistency=strong`,
    `/v1/entries?${query}`,
    `/v1/changes?${query}`,
    `/v1/history?kind=config&key=open.a&${query}`,
    `/v1/diff?from=0&to=1&${query}`,
    `/v1/diff?fromEnvironment=${environment}&toEnvironment=development&app=${app}`,
    `/v1/diff?fromEnvironment=development&toEnvironment=${environment}&app=${app}`,
    `/config/${app}?environment=${environment}`,
    `/config/${app}/history?environment=${environment}`,
    `/api/v1/configs?app_id=${app}&environment=${environment}`,
  ];
  const writes: readonly Line[] = [
    ["POST /v1/changes", change(put({ ...scope, key: "open.a", value: 1 }))],
    ["POST /v1/changes", change(remove({ ...scope, key: "open.a" }))],
    [`PUT /v1/config/open.a?${query}`, { value: 1 }],
    [`POST /config/${app}?environment=${environment}`, { "open.a": 1 }],
    [`POST /config/${app}?environment=${environment}&replace=true`, { "open.a": 1, "open.b": 1 }],
    [`POST /config/${app}/rollback`, { environment, version: 0 }],
    ["POST /v1/rollback", { ...scope, toRevision: 0 }],
    ["POST /v1/rollback", { kind: "config", ...scope, key: "open.a", toVersion: 1 }],
    ["POST /api/v1/configs", { app_id: app, environment, key: "open.a", value: 1 }],
    ["POST /api/v1/configs/fetch", { app_id: app, environment }],
    ["POST /validate", { service: app, environment, config: { "open.a": 1, "open.b": 1 } }],
  ];
  return [...reads.map((path) => ({ method: "GET", path })), ...writes.map(toRequest)];
};
