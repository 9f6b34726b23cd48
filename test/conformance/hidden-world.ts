import { expect } from "vitest";
import type { Api } from "../helpers/http-api.ts";
import type { Grant } from "./access-vocabulary.ts";
import { createKey } from "./limited-keys.ts";
import { commit, type Name, put, remove, unique } from "./vocabulary.ts";

/** What a limited key may see, and names for what is to be hidden beside it. */
export interface World {
  readonly app: string;
  readonly otherApp: string;
  /** The first and the last revision of what may be seen. */
  readonly first: number;
  readonly last: number;
  /** The revision that the next change set will have, which is a hidden one. */
  readonly hiddenRevision: number;
  readonly visibleId: string;
  /** Of an entry that is hidden while it is there. */
  readonly hiddenId: string;
  /** When the visible part was complete. */
  readonly time: string;
}

/**
 * Of a key that sees `open.*` of an app in staging, may change it there, and may only read it in
 * development. `hidden.*` is denied to it; `other.*`, production, the app's own layer and other apps
 * are not granted.
 */
export const limitedGrants = (app: string): readonly Grant[] => [
  { role: "admin", app, environment: "staging", keys: ["open.*", "hidden.*"] },
  { role: "viewer", app, environment: "development", keys: ["open.*", "hidden.*"] },
  { role: "admin", effect: "deny", keys: ["hidden.*"] },
];

/** One of the hidden keys was there before and was deleted; one change set was hidden in part. */
export const createWorld = async (api: Api): Promise<World> => {
  const [app, otherApp] = [unique("shop"), unique("other")];
  const at = { app, environment: "staging" };
  const { revision: first } = await commit(
    api,
    [
      put({ ...at, key: "open.a", value: 1 }),
      put({ ...at, key: "open.b", value: [1], schema: { type: "array" } }),
      put({ app, environment: "development", key: "open.a", value: 2 }),
      put({ app, key: "open.app-wide", value: "inherited" }),
    ],
    { message: "visible" },
  );
  await commit(api, [put({ ...at, key: "hidden.old", value: "was there" })]);
  const { body } = await api.get<{ id: string; key: string }[]>(
    `/api/v1/configs?app_id=${app}&environment=staging`,
  );
  const idOf = (key: string): string => body.find((entry) => entry.key === key)!.id;
  const { revision: last } = await commit(
    api,
    [put({ ...at, key: "open.a", value: 3 }), remove({ ...at, key: "hidden.old" })],
    { message: "visible in part" },
  );
  return {
    app,
    otherApp,
    first,
    last,
    hiddenRevision: last + 1,
    visibleId: idOf("open.a"),
    hiddenId: idOf("hidden.old"),
    time: new Date().toISOString(),
  };
};

/** Puts entries everywhere where a limited key may not look. */
export const putWhatIsHidden = async (
  api: Api,
  { app, otherApp }: World,
  values: readonly unknown[] = ["hidden"],
): Promise<void> => {
  const at = { app, environment: "staging" };
  const globalKey = `hidden.${unique("key")}`;
  const places: readonly Name[] = [
    ...["hidden.old", "other.fresh", ...filling].map((key) => ({ ...at, key })),
    { app, environment: "development", key: "hidden.old" },
    { app, key: "hidden.old" },
    { app, environment: "production", key: "open.a" },
    { app: otherApp, environment: "staging", key: "open.a" },
    { environment: "staging", key: globalKey },
    { key: globalKey },
  ];
  for (const value of values) {
    const operations = places.map((name) => put({ ...name, value }));
    await commit(api, operations, { message: "hidden", allowLargeChange: true });
  }
};

const filling = Array.from({ length: 20 }, (_, index) => `other.${index}`);

/** What an administrator does where a limited key may not look: makes, changes and deletes. */
export const changeWhatIsHidden = async (api: Api, world: World): Promise<void> => {
  const { app, otherApp } = world;
  await putWhatIsHidden(api, world, ["first", "then"]);
  const at = { app, environment: "staging" };
  await commit(
    api,
    filling.slice(-3).map((key) => remove({ ...at, key })),
  );
  await commit(api, [remove({ app, key: "hidden.old" })], { allowLargeChange: true });
  const environment = { name: unique("hidden"), rank: 900 };
  expect(await api.post("/v1/environments", environment)).toHaveStatus(201);
  expect(await api.post("/v1/apps", { name: unique("hidden") })).toHaveStatus(201);
  await createKey(api, [{ role: "viewer", app: otherApp }]);
};
