import { describe, expect, it } from "vitest";
import type { Api, ApiRequest, Reply } from "../helpers/http-api.ts";
import type { Grant } from "./access-vocabulary.ts";
import { farRevision, readRequests, scopeRequests, writeRequests } from "./hidden-probes.ts";
import { changeWhatIsHidden, createWorld, limitedGrants, putWhatIsHidden } from "./hidden-world.ts";
import { createKey } from "./limited-keys.ts";
import type { Area } from "./suite.ts";
import { commit, put, unique } from "./vocabulary.ts";

/**
 * Members that may differ although only hidden things changed. The deployment's revision is public,
 * so that everybody can ask for `minRevision`; answers that tell the current one follow it.
 */
const mayDiffer: readonly (readonly [RegExp, RegExp])[] = [
  // A write that changes nothing answers the current revision.
  [/^POST \/config\//, /"version":\d+/],
  [/^POST \/v1\/(changes|rollback)/, /^\{"revision":\d+/],
  // So does a compare-and-set that is lost …
  [/^POST \/(v1\/changes|api\/v1\/configs)/, /"currentRevision":\d+(?=,"currentVersion")/],
  // … and whoever asks for what is not reached.
  [new RegExp(`=${farRevision}`), /the newest is \d+/],
  [new RegExp(`=${farRevision}`), /at revision \d+/],
  [new RegExp(`=${farRevision}`), /"currentRevision":\d+/],
  // When the key itself was last used, in the list of the keys that it may see.
  [/^GET \/v1\/api-keys/, /"lastUsedAt":("[^"]*"|null)/],
];

/** The revision, the request's id (the same for all here) and the time. */
const volatileHeaders = new Set(["config-revision", "date"]);

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

const nameOf = ({ body, method, path }: ApiRequest): string =>
  `${method} ${path}${typeof body === "string" ? ` ${body}` : ""}`;

const toAnswer = (request: ApiRequest, { headers, status, text }: Reply): Answer => {
  const name = nameOf(request);
  let masked = text;
  for (const [of, member] of mayDiffer) {
    if (of.test(name)) masked = masked.replaceAll(new RegExp(member, "g"), "…");
  }
  const kept = [...headers].filter(
    // A revision may have got a digit more.
    ([header]) => !volatileHeaders.has(header) && (header !== "content-length" || masked === text),
  );
  return { status, headers: Object.fromEntries(kept), text: masked };
};

/** The answers to all requests, in their order. */
const takeSnapshot = async (
  api: Api,
  key: string,
  requests: readonly ApiRequest[],
): Promise<readonly Answer[]> => {
  const answers: Answer[] = [];
  for (let start = 0; start < requests.length; start += 25) {
    const some = requests.slice(start, start + 25);
    answers.push(
      ...(await Promise.all(
        some.map(async (request) => {
          const headers = { ...request.headers, "x-api-key": key, "x-request-id": "snapshot" };
          return toAnswer(request, await api.send({ ...request, headers }));
        }),
      )),
    );
  }
  return answers;
};

/** The requests for the next pages of the lists that go on. */
const nextPages = (requests: readonly ApiRequest[], answers: readonly Answer[]): ApiRequest[] =>
  requests.flatMap((request, index) => {
    const { headers, text } = answers[index]!;
    const [, inBody] = /"nextCursor":"([^"]+)"/.exec(text) ?? [];
    const [, inHeader] = /[?&]cursor=([^&>]+)/.exec(headers["link"] ?? "") ?? [];
    const cursor = inBody ?? inHeader;
    if (cursor === undefined) return [];
    return [
      {
        ...request,
        path: `${request.path}${request.path.includes("?") ? "&" : "?"}cursor=${cursor}`,
      },
    ];
  });

/** What differs, request by request. */
const differences = (
  requests: readonly ApiRequest[],
  before: readonly Answer[],
  after: readonly Answer[],
) =>
  requests.flatMap((request, index) => {
    const [was, is] = [before[index], after[index]];
    return JSON.stringify(was) === JSON.stringify(is)
      ? []
      : [{ request: nameOf(request), was, is }];
  });

export const hiddenEntries: Area = (api) => {
  describe("what a key may not see", () => {
    it("makes no difference to any answer, byte for byte", async () => {
      const world = await createWorld(api);
      const { key } = await createKey(api, limitedGrants(world.app));
      const first = [...readRequests(world), ...writeRequests(world)];
      const firstAnswers = await takeSnapshot(api, key, first);
      const more = nextPages(first, firstAnswers);
      const requests = [...first, ...more];
      const before = [...firstAnswers, ...(await takeSnapshot(api, key, more))];
      const count = (status: number): number =>
        before.filter((answer) => answer.status === status).length;
      expect(more.length).toBeGreaterThan(5);
      expect(count(200)).toBeGreaterThan(50);
      expect(count(404)).toBeGreaterThan(50);
      expect(count(422)).toBeGreaterThan(2);
      expect(before.filter(({ status }) => status === 201 || status >= 500)).toEqual([]);
      await changeWhatIsHidden(api, world);
      const after = await takeSnapshot(api, key, requests);
      expect(differences(requests, before, after)).toEqual([]);
    });
  });

  describe("a scope that a key may not read", () => {
    it("is answered as one that does not exist, byte for byte, by every route", async () => {
      const world = await createWorld(api);
      await putWhatIsHidden(api, world);
      const { app, otherApp } = world;
      const byPattern = await createKey(api, limitedGrants(app));
      const byDeny = await createKey(api, [
        { role: "admin", app },
        { role: "admin", effect: "deny", environment: "production" },
      ]);
      const missingApp = unique("other");
      for (const [key, hidden, missing] of [
        [byPattern.key, scopeRequests(app, "production"), scopeRequests(app, "no-such")],
        [byDeny.key, scopeRequests(app, "production"), scopeRequests(app, "no-such")],
        [byPattern.key, scopeRequests(otherApp, "staging"), scopeRequests(missingApp, "staging")],
      ] as const) {
        const unnamed = (answers: readonly Answer[]): readonly Answer[] =>
          answers.map(({ headers, status, text }) => ({
            status,
            headers: { ...headers, "content-length": "" },
            text: text.replaceAll(/production|no-such|other-[0-9a-f]{8}/g, "…"),
          }));
        const is = unnamed(await takeSnapshot(api, key, hidden));
        const would = unnamed(await takeSnapshot(api, key, missing));
        expect(differences(hidden, would, is)).toEqual([]);
        // Only a verdict says no with 200.
        const said = is.filter(({ status, text }) => status !== 404 && !/"valid":false/.test(text));
        expect(said).toEqual([]);
      }
    });
  });

  describe("what lies in several layers", () => {
    it("is inherited by an effective read, and not shown raw", async () => {
      const [app, key] = [unique("shop"), unique("open.inherited")];
      await commit(api, [
        put({ key, value: { from: "global", both: 1 } }),
        put({ environment: "staging", key, value: { both: 2 }, merge: "deep" }),
        put({ app, environment: "staging", key, value: { own: 3 }, merge: "deep" }),
        put({ key: `${key}.global`, value: "global" }),
      ]);
      const limited = await createKey(api, [{ role: "viewer", app, environment: "staging" }]);
      const scope = `app=${app}&environment=staging`;
      const value = { from: "global", both: 2, own: 3 };
      const { body } = await limited.api.get(`/v1/config/${key}?${scope}&explain=true`);
      const own = { scope: { app, environment: "staging" }, value: { own: 3 }, won: true };
      expect(body).toMatchObject({ value, layers: [own] });
      const inherited = await limited.api.get(`/v1/config/${key}.global?${scope}&explain=true`);
      expect(inherited.body).toMatchObject({
        value: "global",
        scope: { app: null, environment: null },
        layers: [],
      });
      const document = await limited.api.get(`/v1/config?${scope}&prefix=${key}`);
      expect(document.body).toMatchObject({
        values: { [key]: value, [`${key}.global`]: "global" },
      });
      for (const path of ["/v1/entries", "/v1/entries?environment=staging"]) {
        expect((await limited.api.get(path)).body).toEqual({ items: [] });
      }
      for (const name of [key, `${key}.global`]) {
        expect(await limited.api.get(`/v1/config/${name}`)).toBeProblem("NOT_FOUND");
        const history = `/v1/history?kind=config&key=${name}`;
        expect(await limited.api.get(history)).toBeProblem("NOT_FOUND");
      }
    });

    it("leaves no trace where a stronger layer covers what may not be read", async () => {
      const app = unique("shop");
      const own = { app, environment: "staging", key: "covered" };
      await commit(api, [put({ ...own, value: "own" })]);
      const { key } = await createKey(api, [{ role: "viewer", app, environment: "staging" }]);
      const path = `/v1/config/covered?app=${app}&environment=staging`;
      const requests = [path, `${path}&explain=true`].map((one) => ({ method: "GET", path: one }));
      const before = await takeSnapshot(api, key, requests);
      await commit(api, [put({ app, key: "covered", value: "weaker" })]);
      await commit(api, [put({ app, key: "covered", value: "weaker still" })]);
      const after = await takeSnapshot(api, key, requests);
      expect(before.map(({ status }) => status)).toEqual([200, 200]);
      expect(differences(requests, before, after)).toEqual([]);
    });
  });

  describe("a change set that may be seen in part", () => {
    it("has and counts only that part", async () => {
      const { app, last } = await createWorld(api);
      const limited = await createKey(api, limitedGrants(app));
      const { body } = await limited.api.get(`/v1/changes/${last}`);
      expect(body).toMatchObject({ changeCount: 1, changes: [{ key: "open.a", version: 2 }] });
      const list = await limited.api.get(`/v1/changes?after=${last - 1}`);
      expect(list.body).toMatchObject({ items: [{ revision: last, changeCount: 1 }] });
      const hidden = await limited.api.get("/v1/changes?key=hidden.old");
      expect(hidden.body).toEqual({ items: [] });
      const audit = await limited.api.get(`/v1/audit?revision=${last}`);
      expect(audit.body).toMatchObject({
        items: [{ changesTotal: 1, changes: [{ key: "open.a" }] }],
      });
    });
  });

  describe("a deny", () => {
    it("wins over every allow, in whatever order they are written", async () => {
      const app = unique("shop");
      const scope = { app, environment: "staging" };
      await commit(api, [put({ ...scope, key: "db.host", value: "h" })]);
      await commit(api, [put({ ...scope, key: "db.password", value: "p" })]);
      const allows: Grant[] = [{ role: "admin" }, { role: "editor", ...scope, keys: ["db.*"] }];
      const deny: Grant = { role: "viewer", effect: "deny", app, keys: ["db.p*"] };
      for (const grants of [
        [deny, ...allows],
        [...allows, deny],
      ]) {
        const limited = await createKey(api, grants);
        const { body } = await limited.api.get(`/v1/config?app=${app}&environment=staging`);
        expect(body).toMatchObject({ values: { "db.host": "h" } });
        expect(body).not.toHaveProperty(["values", "db.password"]);
        const path = `/v1/config/db.password?app=${app}&environment=staging`;
        expect(await limited.api.get(path)).toBeProblem("NOT_FOUND");
        expect(await limited.api.put(path, { value: "mine" })).toBeProblem("NOT_FOUND");
      }
    });
  });
};
