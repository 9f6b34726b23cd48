import { describe, expect, it } from "vitest";
import type { Scope } from "../scope.ts";
import { summarise } from "./summarise.ts";

const layerOf = (scope: Scope, ...keys: string[]) => ({
  ...scope,
  settings: new Map(keys.map((key) => [key, { value: 1, origin: "a.yml" }])),
});

const put = (scope: Scope, key: string, before: unknown) => ({
  op: "put",
  ...scope,
  key,
  before,
  after: 1,
});

describe("summarise", () => {
  it("counts each layer by itself", () => {
    const layers = [layerOf({}, "a", "b", "c"), layerOf({ app: "shop" }, "a")];
    const changes = [
      put({ app: null, environment: null }, "a", null),
      put({ app: null, environment: null }, "b", 0),
      { op: "delete", app: "shop", environment: null, key: "old", before: 1, after: null },
    ];
    expect(summarise(layers, changes, new Set())).toEqual([
      { added: 1, changed: 1, unchanged: 1, removed: 0 },
      { app: "shop", added: 0, changed: 0, unchanged: 1, removed: 1 },
    ]);
  });

  it("takes every key of an environment that is yet to be created for new", () => {
    const layers = [layerOf({ environment: "docker" }, "a", "b")];
    expect(summarise(layers, [], new Set(["docker"]))).toEqual([
      { environment: "docker", added: 2, changed: 0, unchanged: 0, removed: 0 },
    ]);
  });

  it("follows changes to where the defaults of the API key have put them", () => {
    const changes = [put({ app: "shop", environment: "staging" }, "a", null)];
    expect(summarise([layerOf({}, "a", "b")], changes, new Set())).toEqual([
      { app: "shop", environment: "staging", added: 1, changed: 0, unchanged: 1, removed: 0 },
    ]);
  });
});
