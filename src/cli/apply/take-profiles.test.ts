import { describe, expect, it } from "vitest";
import type { Json } from "../../platform/json.ts";
import { Failure } from "../failure.ts";
import { takeProfiles } from "./take-profiles.ts";

const selector = "spring.config.activate.on-profile";

const settingsOf = (settings: Record<string, Json>) =>
  new Map(Object.entries(settings).map(([key, value]) => [key, { value }]));

describe("takeProfiles", () => {
  it("leaves a document alone that no profile selects", () => {
    const settings = settingsOf({ "spring.config.import": "x", "spring.profiles.active": "dev" });
    expect(takeProfiles(settings, "f")).toBeUndefined();
    expect(settings.size).toBe(2);
  });

  it.each([
    ["docker", ["docker"]],
    [" chaos-monkey ", ["chaos-monkey"]],
    ["a, b,a", ["a", "b"]],
    [
      ["a", "b"],
      ["a", "b"],
    ],
  ])("reads %j, and takes the selector out", (value, profiles) => {
    const settings = settingsOf({ [selector]: value, "a.b": 1 });
    expect(takeProfiles(settings, "f")).toEqual(profiles);
    expect([...settings.keys()]).toEqual(["a.b"]);
  });

  it.each([
    "a & b",
    "a | b",
    "!a",
    "(a)",
    "prod & (eu | us)",
    ["a", "!b"],
    "",
    "a,",
    [],
    "two words",
    "${profile}",
    "a/b",
    7,
    true,
    null,
    { deep: "x" },
    [["a"]],
  ])("refuses %j and names the document", (value) => {
    const settings = settingsOf({ [selector]: value });
    expect(() => takeProfiles(settings, "shop.yml, document 2")).toThrow(
      /^shop\.yml, document 2: /,
    );
    expect(() => takeProfiles(settingsOf({ [selector]: value }), "f")).toThrow(Failure);
  });

  it.each(["a & b", "a | b", "!a", "(a)"])("calls %j an expression", (value) => {
    expect(() => takeProfiles(settingsOf({ [selector]: value }), "f")).toThrow(/is the expression/);
  });

  it.each([
    ["spring.profiles", "docker"],
    ["spring.profiles", ["a", "b"]],
    ["spring.config.activate.on-cloud-platform", "kubernetes"],
  ])("refuses %s, which would select the document elsewhere", (key, value) => {
    expect(() => takeProfiles(settingsOf({ [key]: value }), "f")).toThrow(key);
  });
});
