import { describe, expect, it } from "vitest";
import { parseSettings } from "./settings.ts";

describe("CORS_ALLOWED_ORIGINS", () => {
  it("is a list of exact origins, and absent by default", () => {
    expect(parseSettings({}).corsAllowedOrigins).toBeUndefined();
    expect(parseSettings({ CORS_ALLOWED_ORIGINS: "" }).corsAllowedOrigins).toBeUndefined();
    const { corsAllowedOrigins } = parseSettings({
      CORS_ALLOWED_ORIGINS: "https://console.example.org, http://localhost:3000,http://[::1]:3000",
    });
    expect(corsAllowedOrigins).toEqual([
      "https://console.example.org",
      "http://localhost:3000",
      "http://[::1]:3000",
    ]);
  });

  it.each([
    "*",
    "null",
    "https://*.example.org",
    "https://example.org/",
    "https://example.org/console",
    "https://example.org?a=1",
    "https://someone:secret@example.org",
    "https://Example.org",
    "https://example.org:443",
    "https://bücher.example",
    "example.org",
    "//example.org",
    "ftp://example.org",
    "file:///etc",
    "https://example.org https://other.example",
    "https://example.org,",
    "https://example.org,,https://other.example",
    "https://example.org;https://other.example",
  ])("%s stops the start with a message that names the setting, and not its value", (text) => {
    const parse = (): unknown => parseSettings({ CORS_ALLOWED_ORIGINS: text });
    expect(parse).toThrow(/CORS_ALLOWED_ORIGINS: must be exact origins/);
    expect(parse).not.toThrow("secret");
  });
});

describe.each([
  ["MAX_HEADER_BYTES", "maxHeaderBytes", 4_096, 65_536, 16_384],
  ["TRUSTED_PROXIES", "trustedProxies", 0, 10, 0],
  ["DATABASE_QUEUE_SIZE", "databaseQueueSize", 1, 100_000, 1_000],
] as const)("%s", (name, member, least, most, fallback) => {
  it(`is from ${least} to ${most}, and ${fallback} by default`, () => {
    expect(parseSettings({})[member]).toBe(fallback);
    for (const number of [least, most]) {
      expect(parseSettings({ [name]: String(number) })[member]).toBe(number);
    }
    for (const wrong of [least - 1, most + 1, least + 0.5, "many"]) {
      expect(() => parseSettings({ [name]: String(wrong) })).toThrow(name);
    }
  });
});

describe("DATABASE_REPLICA_URLS", () => {
  it("is a list of URLs, and absent by default", () => {
    expect(parseSettings({}).databaseReplicaUrls).toBeUndefined();
    const urls = ["postgres://u:p@one/db", "postgresql://two:5433/db?sslmode=require"];
    const { databaseReplicaUrls } = parseSettings({ DATABASE_REPLICA_URLS: urls.join(", ") });
    expect(databaseReplicaUrls).toEqual(urls);
  });

  it.each(["one", "postgres://one/db,", "postgres://u:secret@one/db;postgres://two/db,mysql://x"])(
    "stops the start where it is %s, and keeps its value to itself",
    (text) => {
      const parse = (): unknown => parseSettings({ DATABASE_REPLICA_URLS: text });
      expect(parse).toThrow(/DATABASE_REPLICA_URLS: must be postgres: URLs/);
      expect(parse).not.toThrow("secret");
    },
  );
});

describe("LAYER_CACHE_URL", () => {
  it("names Redis, or Upstash with a token, and is absent by default", () => {
    expect(parseSettings({})).toMatchObject({ streamWindowDays: 7 });
    expect(parseSettings({}).layerCacheUrl).toBeUndefined();
    for (const url of ["redis://127.0.0.1:6379", "rediss://user:secret@cache.example:6380/2"]) {
      expect(parseSettings({ LAYER_CACHE_URL: url }).layerCacheUrl).toBe(url);
    }
    for (const url of ["https://cache.example", "http://127.0.0.1:8079"]) {
      const given = { LAYER_CACHE_URL: url, LAYER_CACHE_TOKEN: "token" };
      expect(parseSettings(given)).toMatchObject({ layerCacheUrl: url, layerCacheToken: "token" });
    }
  });

  it.each([
    { LAYER_CACHE_URL: "https://cache.example" },
    { LAYER_CACHE_URL: "http://secret@cache.example", LAYER_CACHE_TOKEN: "token" },
    { LAYER_CACHE_URL: "memcached://secret@cache.example" },
    { LAYER_CACHE_URL: "cache.example:6379" },
  ])("stops the start where it cannot be used, and keeps its value to itself", (given) => {
    const parse = (): unknown => parseSettings(given);
    expect(parse).toThrow(/LAYER_CACHE_(URL|TOKEN): /);
    expect(parse).not.toThrow("secret");
  });
});

describe("EDGE_URLS", () => {
  const secret = "s".repeat(32);

  it("names edges, each of another host, and needs a secret; absent by default", () => {
    expect(parseSettings({})).toMatchObject({ edgeUrls: undefined, edgePublishSecret: undefined });
    const edgeUrls = [
      "https://edge.example.org",
      "https://edge.example.org:8443/",
      "http://127.0.0.1:8788",
      "http://[::1]:8788",
    ];
    const given = { EDGE_URLS: edgeUrls.join(" , "), EDGE_PUBLISH_SECRET: secret };
    expect(parseSettings(given)).toMatchObject({ edgeUrls, edgePublishSecret: secret });
  });

  it.each([
    { EDGE_URLS: "https://edge.example.org" },
    { EDGE_URLS: "https://edge.example.org", EDGE_PUBLISH_SECRET: "secret".repeat(5) },
    ...[
      "edge.example.org",
      "http://edge.example.org",
      "https://edge.example.org/path",
      "https://edge.example.org?a=secret",
      "https://somebody:secret@edge.example.org",
      "https://edge.example.org,",
      "https://edge.example.org,https://edge.example.org/",
    ].map((text) => ({ EDGE_URLS: text, EDGE_PUBLISH_SECRET: secret })),
  ])("stops the start where it cannot be used, and keeps its value to itself", (given) => {
    const parse = (): unknown => parseSettings(given);
    expect(parse).toThrow(/EDGE_(URLS|PUBLISH_SECRET): /);
    expect(parse).not.toThrow("secret");
  });
});
