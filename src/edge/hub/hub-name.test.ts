import { expect, it } from "vitest";
import { hubNameOf } from "./hub-name.ts";

const nameOf = (path: string, method = "GET"): string | undefined =>
  hubNameOf(new Request(`https://edge.example${path}`, { method }), {
    app: "own",
    environment: "staging",
  });

it("names the hub of what is asked for, and of the key's scope where nothing is", () => {
  expect(nameOf("/v1/stream?app=shop&environment=production")).toBe('["shop","production"]');
  expect(nameOf("/v1/stream/ws?app=shop")).toBe('["shop","staging"]');
  expect(nameOf("/v1/stream?prefix=a", "HEAD")).toBe('["own","staging"]');
});

it.each([
  "/v1/streams?app=shop",
  "/v1/stream/tickets",
  "/v1/stream?ticket=flt_x.y",
  "/v1/stream?app=",
  "/v1/stream?app=a&app=b",
  "/v1/stream?app=no%2Fname",
])("leaves %s to somebody else", (path) => {
  expect(nameOf(path)).toBeUndefined();
});

it("leaves to somebody else what does not read", () => {
  expect(nameOf("/v1/stream?app=shop", "POST")).toBeUndefined();
});
