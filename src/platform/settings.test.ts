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
