import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { effort } from "../helpers/effort.ts";
import type { Api, ApiRequest, HeadersOf, Reply } from "../helpers/http-api.ts";
import { bearer, makeKey } from "./access-vocabulary.ts";
import type { Area } from "./suite.ts";
import { commit, type Operation, put, remove, unique } from "./vocabulary.ts";

interface World {
  readonly app: string;
  /** By a word for who it is, the headers that say so. */
  readonly readers: Readonly<Record<string, HeadersOf>>;
}

const environments = ["production", "staging"];
const keys = ["alone", "covered", "merged", "merged.deep", "gone", "gone.here", "secret.a", "ütf"];

/** In all four layers: values that cover each other, that are merged, and that are gone. */
const operationsOf = (app: string, prefix: string): Operation[][] => {
  const name = (key: string): string => `${prefix}.${key}`;
  const here = { app, environment: "production" };
  const everywhere = { environment: "production" };
  return [
    [
      put({ key: name("alone"), value: "glöbal" }),
      put({ key: name("covered"), value: 1 }),
      put({ key: name("merged"), value: { z: 1, aa: { b: [1, { y: 2, x: 1 }] }, a: null } }),
      put({ key: name("secret.a"), value: "hidden" }),
      put({ ...everywhere, key: name("merged"), merge: "deep", value: { aa: { c: 2 } } }),
      put({ ...everywhere, key: name("gone"), value: true }),
      put({ app, key: name("covered"), value: 2 }),
      put({ app, key: name("merged"), merge: "deep", value: { z: null, "10": 1, "9": 2 } }),
      put({ ...here, key: name("covered"), value: [3] }),
      put({ ...here, key: name("merged.deep"), merge: "deep", value: { a: null, b: 1 } }),
      put({ ...here, key: name("gone.here"), value: "" }),
    ],
    [
      remove({ ...everywhere, key: name("gone") }),
      remove({ ...here, key: name("gone.here") }),
      put({ app, key: name("covered"), value: false, description: "why" }),
    ],
  ];
};

const createReaders = async (api: Api, app: string, prefix: string): Promise<World["readers"]> => {
  const viewer = { role: "viewer" };
  const hidden = { role: "viewer", effect: "deny", keys: [`${prefix}.secret.*`] } as const;
  const production = { ...viewer, environment: "production" };
  const made = await Promise.all([
    makeKey(api, [viewer]),
    makeKey(api, [viewer, hidden]),
    makeKey(api, [{ ...viewer, app }], { defaults: { app, environment: "production" } }),
    makeKey(api, [{ ...production, keys: [`${prefix}.merged*`] }], { defaults: { app } }),
    makeKey(api, [{ ...viewer, app: "another" }]),
    makeKey(api, [{ role: "runtime" }]),
  ]);
  const names = ["all", "not secrets", "defaults", "some keys", "another app", "another role"];
  const readers = names.map((name, index) => [name, bearer(made[index]?.key ?? "")] as const);
  return {
    ...Object.fromEntries(readers),
    nobody: {},
    "a made-up key": bearer("fl_made-up"),
    "another scheme": { authorization: "Basic eDp5" },
    "X-API-Key": { "x-api-key": made[0].key },
  };
};

type Condition = (tag: string) => HeadersOf;

/** Conditions, for the tag that an answer has without them. */
const conditions: Readonly<Record<string, Condition>> = {
  none: () => ({}),
  held: (tag) => ({ "if-none-match": tag }),
  "held weakly": (tag) => ({ "if-none-match": `W/${tag}` }),
  "held among others": (tag) => ({ "if-none-match": `"x,y", W/"z" ,${tag}` }),
  any: () => ({ "if-none-match": "*" }),
  "any, in a list": () => ({ "if-none-match": '"x", *' }),
  other: () => ({ "if-none-match": '"other"' }),
  unquoted: (tag) => ({ "if-none-match": tag.replaceAll('"', "") }),
  empty: () => ({ "if-none-match": "" }),
  needed: (tag) => ({ "if-match": tag }),
  "needed, another": () => ({ "if-match": '"other"' }),
  "needed and held": (tag) => ({ "if-match": "*", "if-none-match": tag }),
};

interface Sketch {
  readonly method: "GET" | "HEAD";
  readonly reader: string;
  readonly condition: string;
  /** Undefined asks for the document. */
  readonly key: string | undefined;
  readonly query: readonly string[];
}

const spellingOf = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...names) },
    // Plain names may be percent-encoded all the same.
    { weight: 1, arbitrary: fc.constantFrom(...names).map((name) => name.replace("p", "%70")) },
    {
      weight: 1,
      arbitrary: fc.constantFrom("unknown", "", "%", "%00", "a b", "a+b", "x=y", ".", "ü"),
    },
  );

const anyOf = (record: object): fc.Arbitrary<string> => fc.constantFrom(...Object.keys(record));

const sketchOf = ({ app, readers }: World, prefix: string): fc.Arbitrary<Sketch> => {
  const known = keys.map((key) => `${prefix}.${key}`);
  const pair = (name: string, values: readonly string[]) =>
    fc.tuple(fc.constant(name), spellingOf(values)).map((parts) => parts.join("="));
  const scope = fc
    .tuple(
      fc.option(pair("app", [app])),
      fc.option(pair("environment", environments), { freq: 6 }),
      fc.boolean(),
    )
    .map(([first, second, isTurned]) => {
      const pairs = [first, second].filter((one) => one !== null);
      return isTurned ? pairs.toReversed() : pairs;
    });
  const more = fc.oneof(
    { weight: 8, arbitrary: fc.constant<string[]>([]) },
    {
      weight: 3,
      arbitrary: fc
        .constantFrom(
          "explain=true",
          `prefix=${prefix}.m`,
          "minRevision=1",
          "minRevision=01",
          "minRevision=1&minRevision=1",
          "minRevision=-1",
          "minRevision=999999999",
          "at=0",
          "",
          "app",
          "App=x",
          `app=${app}`,
          "key=x",
          "environment=staging",
          "a%70p=x",
        )
        .map((one) => [one]),
    },
  );
  return fc.record({
    method: fc.constantFrom("GET" as const, "GET" as const, "HEAD" as const),
    reader: fc.oneof(
      { weight: 2, arbitrary: fc.constantFrom("all", "not secrets", "defaults", "some keys") },
      { weight: 1, arbitrary: anyOf(readers) },
    ),
    condition: fc.oneof(
      { weight: 1, arbitrary: fc.constant("none") },
      { weight: 1, arbitrary: anyOf(conditions) },
    ),
    key: fc.option(spellingOf(known), { freq: 2, nil: undefined }),
    query: fc.tuple(scope, more).map((parts) => parts.flat()),
  });
};

const requestId = "the-same-for-both";

/** What may differ between two answers to the same question. */
const unimportant = new Set(["date", "config-stale"]);

const shownBy = ({ headers, status, text }: Reply) => ({
  status,
  text,
  headers: Object.fromEntries([...headers].filter(([name]) => !unimportant.has(name))),
});

/** Only on Node and Deno are reads answered from memory. */
export const hotReads: Area = (api) => {
  const prefix = unique("hot");
  let world: World;

  const send = (request: ApiRequest): Promise<Reply> =>
    api.send({ ...request, headers: { "x-request-id": requestId, ...request.headers } });

  /** The answer to a request, and the answer to it from the store. */
  const bothAnswers = async ({ condition, key, method, query, reader }: Sketch) => {
    const path = key === undefined ? "/v1/config" : `/v1/config/${key}`;
    const from = (more: readonly string[]): string => {
      const pairs = [...query, ...more];
      return pairs.length === 0 ? path : `${path}?${pairs.join("&")}`;
    };
    const headers = world.readers[reader] ?? {};
    const strong = from(["consistency=strong"]);
    const { headers: known } = await send({ method, path: strong, headers });
    const tag = known.get("etag") ?? '"none"';
    const asked = { method, headers: { ...headers, ...conditions[condition]?.(tag) } };
    return {
      hot: shownBy(await send({ ...asked, path: from([]) })),
      stored: shownBy(await send({ ...asked, path: strong })),
    };
  };

  describe("a read that memory answers", () => {
    beforeAll(async () => {
      const app = unique("shop");
      for (const operations of operationsOf(app, prefix)) await commit(api, operations);
      world = { app, readers: await createReaders(api, app, prefix) };
    });

    it("is answered as the store would answer it: status, headers and body", async () => {
      const statuses = new Map<number, number>();
      await fc.assert(
        fc.asyncProperty(sketchOf(world, prefix), async (sketch) => {
          const { hot, stored } = await bothAnswers(sketch);
          expect(hot).toEqual(stored);
          statuses.set(hot.status, (statuses.get(hot.status) ?? 0) + 1);
        }),
        { numRuns: 300 * effort },
      );
      expect([200, 304, 400, 401, 404, 412].filter((status) => !statuses.has(status))).toEqual([]);
      expect(statuses.get(200)).toBeGreaterThan(30 * effort);
    });

    it("shows at once what was written, whoever asks", async () => {
      const { app, readers } = world;
      const path = `/v1/config/${prefix}.turn?app=${app}&environment=production`;
      for (let turn = 1; turn <= 20; turn += 1) {
        const value = { turn, b: 1, a: 2 };
        const { revision } = await commit(api, [put({ app, key: `${prefix}.turn`, value })]);
        for (const reader of ["all", "not secrets", "defaults"]) {
          const { body, headers } = await api.get(path, readers[reader]);
          expect(body).toMatchObject({ value: { turn }, revision });
          expect(Number(headers.get("config-revision"))).toBeGreaterThanOrEqual(revision);
        }
        const { body } = await api.get<{ values: object }>(path.replace(`/${prefix}.turn`, ""));
        expect(body.values).toMatchObject({ [`${prefix}.turn`]: { turn } });
      }
    });
  });
};
