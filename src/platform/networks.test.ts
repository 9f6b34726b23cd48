import { describe, expect, it } from "vitest";
import { parseSettings } from "./settings.ts";

const networksOf = (text: string): string[] | undefined =>
  parseSettings({ WEBHOOK_ALLOW_PRIVATE: text }).webhookAllowPrivate?.map(
    ([address, bits]) => `${address.toString()}/${bits}`,
  );

describe("WEBHOOK_ALLOW_PRIVATE", () => {
  it("is a list of networks, and absent by default", () => {
    expect(networksOf("")).toBeUndefined();
    expect(networksOf("127.0.0.0/8, ::1/128,10.1.0.0/16,10.1.2.3/32,fd00::/8,0.0.0.0/0")).toEqual([
      "127.0.0.0/8",
      "::1/128",
      "10.1.0.0/16",
      "10.1.2.3/32",
      "fd00::/8",
      "0.0.0.0/0",
    ]);
  });

  it.each([
    "127.0.0.1",
    "127.0.0.1/8",
    "10.0.0.0/7,::1",
    "10.0.0.0/33",
    "10.0.0.0/-1",
    "10.0.0.0/08",
    "10.0.0.0/255.0.0.0",
    "10.0.0/8",
    "0x0a.0.0.0/8",
    "012.0.0.0/8",
    "fd00::1/8",
    "fd00::/129",
    "fe80::%eth0/64",
    "::ffff:10.0.0.0/104",
    "10.0.0.0/8,",
    "10.0.0.0/8;::1/128",
    "localhost",
    "localhost/8",
    "*",
    "all",
  ])("%s stops the start with a message that says what is wanted", (text) => {
    expect(() => networksOf(text)).toThrow(
      /WEBHOOK_ALLOW_PRIVATE: must be networks with commas between, such as 127\.0\.0\.0\/8,::1\/128/,
    );
  });
});

describe("WEBHOOK_PORTS", () => {
  it("is a list of ports, 443 and 8443 by default", () => {
    expect(parseSettings({}).webhookPorts).toEqual([443, 8443]);
    expect(parseSettings({ WEBHOOK_PORTS: "443, 65535,1" }).webhookPorts).toEqual([443, 65_535, 1]);
  });

  it.each(["0", "65536", "443,", "443;8443", "https", "-1", "4.5", "0x1bb", "0443", "443-445"])(
    "%s stops the start",
    (text) => {
      expect(() => parseSettings({ WEBHOOK_PORTS: text })).toThrow(/WEBHOOK_PORTS: must be ports/);
    },
  );
});
