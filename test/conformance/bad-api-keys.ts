import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { generateKey } from "../../src/access/store/key-text.ts";
import type { HeadersOf, Reply } from "../helpers/http-api.ts";
import { readReply, sendBytes } from "../helpers/raw-request.ts";
import { askForKey, bearer, type CreatedApiKey, eventually, makeKey } from "./access-vocabulary.ts";
import type { Area } from "./suite.ts";
import { type Page, unique } from "./vocabulary.ts";

/** Routes that differ in what comes first: a read, a body, a path that names something, access itself. */
const routes = [
  ["GET", "/v1/config?app=shop"],
  ["POST", "/v1/changes"],
  ["DELETE", "/api/v1/configs/some-id"],
  ["GET", "/v1/whoami"],
] as const;

const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/** A key with a right checksum: whoever knows the algorithm can write one with any id. */
const forgedKey = (id: string): string => {
  const unchecked = `fl_${id}_${"0".repeat(44)}`;
  const digest = createHash("sha256").update(`checksum ${unchecked}`).digest().subarray(0, 6);
  return unchecked + Array.from(digest, (byte) => alphabet[byte % 62]).join("");
};

const withoutRequestId = ({ body }: Reply): unknown => ({ ...(body as object), requestId: "" });

export const badApiKeys: Area = (api, server) => {
  let good: CreatedApiKey;
  let revoked: CreatedApiKey;
  let expired: CreatedApiKey;

  beforeAll(async () => {
    const viewer = [{ role: "viewer" }];
    good = await makeKey(api, viewer);
    revoked = await makeKey(api, viewer);
    await api.delete(`/v1/api-keys/${revoked.id}`);
    // Later than the slowest request arrives.
    const expiresAt = new Date(Date.now() + 3_000).toISOString();
    expired = await makeKey(api, viewer, { expiresAt });
    await eventually(
      () => api.get<{ state: string }>(`/v1/api-keys/${expired.id}`),
      ({ body }) => body.state === "expired",
    );
  });

  const swapLast = (key: string): string => key.slice(0, -1) + (key.endsWith("0") ? "1" : "0");

  /** Made only when a test runs: they hold keys that are made then. */
  const badHeaders: Readonly<Record<string, () => HeadersOf>> = {
    "with a wrong checksum": () => bearer(swapLast(good.key)),
    "with another secret and a wrong checksum": () =>
      bearer(swapLast(good.key.slice(0, 26)) + good.key.slice(26)),
    "with a known id, another secret and a right checksum": () => bearer(forgedKey(good.id)),
    "with a right checksum, that nobody made": () => bearer(generateKey().text),
    "that is the bootstrap administrator's id": () => bearer("bootstrap-admin"),
    "that is only an id": () => bearer(good.id),
    "cut by one": () => bearer(good.key.slice(0, -1)),
    "cut in half": () => bearer(good.key.slice(0, 35)),
    "that is only the prefix": () => bearer("fl_"),
    doubled: () => bearer(good.key + good.key),
    "in upper case": () => bearer(good.key.toUpperCase()),
    "in lower case": () => bearer(good.key.toLowerCase()),
    "with a space in it": () => ({ "x-api-key": `${good.key.slice(0, 30)} ${good.key.slice(30)}` }),
    "with a space in it, as a bearer": () =>
      bearer(`${good.key.slice(0, 30)} ${good.key.slice(30)}`),
    "with a comma behind it": () => bearer(`${good.key},`),
    "in quotes": () => ({ "x-api-key": `"${good.key}"` }),
    "percent-encoded": () => ({ "x-api-key": good.key.replace("_", "%5F") }),
    "of 12,000 characters": () => bearer(good.key.padEnd(12_000, "0")),
    empty: () => ({ "x-api-key": "" }),
    "with the Basic scheme": () => ({ authorization: `Basic ${btoa(`${good.id}:${good.key}`)}` }),
    "with the Digest scheme": () => ({ authorization: `Digest ${good.key}` }),
    "without a scheme": () => ({ authorization: good.key }),
    "with two schemes": () => ({ authorization: `Bearer Bearer ${good.key}` }),
    "beside a wrong bearer": () => ({ ...bearer("wrong"), "x-api-key": good.key }),
    "twice in one header": () => ({ "x-api-key": `${good.key}, ${good.key}` }),
    "that was revoked": () => bearer(revoked.key),
    "that has expired": () => bearer(expired.key),
  };

  describe("a key", () => {
    it.each(Object.keys(badHeaders))(
      "%s is refused, in the same words on every route",
      async (what) => {
        const headers = badHeaders[what]!();
        for (const [method, path] of routes) {
          const reply = await api.send({ method, path, headers });
          expect(reply).toBeProblem("UNAUTHENTICATED");
          expect(reply.headers.get("www-authenticate")).toBe(
            'Bearer realm="fairlead", error="invalid_token"',
          );
          const wrong = await api.send({ method, path, headers: bearer("wrong") });
          expect(withoutRequestId(reply)).toEqual(withoutRequestId(wrong));
          expect(reply.text).not.toContain(good.id);
        }
        expect(await api.get("/v1/whoami", bearer(good.key))).toHaveStatus(200);
      },
    );

    it("in two headers of one name is refused, whichever of them is right", async () => {
      for (const name of ["authorization", "x-api-key"]) {
        const spelled = (key: string): string =>
          `${name}: ${name === "authorization" ? "Bearer " : ""}${key}\r\n`;
        for (const keys of [
          [good.key, "wrong"],
          ["wrong", good.key],
          [good.key, good.key],
        ]) {
          const received = await sendBytes(
            server().url,
            `GET /v1/whoami HTTP/1.1\r\nhost: h\r\nconnection: close\r\n${keys.map(spelled).join("")}\r\n`,
          );
          expect(readReply(received)).toBeProblem("UNAUTHENTICATED");
        }
      }
    });

    it("is found in headers only", async () => {
      for (const path of [`/v1/whoami?key=${good.key}`, `/v1/whoami?access_token=${good.key}`]) {
        expect(await api.send({ method: "GET", path })).toBeProblem("UNAUTHENTICATED");
      }
      const headers = { cookie: `key=${good.key}`, "x-apikey": good.key };
      const reply = await api.send({ method: "GET", path: "/v1/whoami", headers });
      expect(reply).toBeProblem("UNAUTHENTICATED");
    });

    it("is taken in any case of the scheme, with white space around it", async () => {
      for (const headers of [
        { authorization: `BEARER ${good.key}` },
        { authorization: `bearer   ${good.key}  ` },
        { "x-api-key": `  ${good.key} ` },
      ]) {
        const reply = await api.send({ method: "GET", path: "/v1/whoami", headers });
        expect(reply).toHaveStatus(200);
      }
    });
  });

  describe("hostile grants", () => {
    const countKeys = async (): Promise<number> => {
      const { body } = await api.get<Page<unknown>>("/v1/api-keys?limit=500&state=all");
      return body.items.length;
    };
    const viewer = { role: "viewer" };
    const many = (count: number) => Array.from({ length: count }, () => viewer);
    const stars = (count: number): string => "a*".repeat(count);

    const hostile: Readonly<Record<string, [grants: unknown, ...paths: string[]]>> = {
      "**": [[{ ...viewer, keys: ["**"] }], "grants.0.keys.0"],
      "** in the middle": [[{ ...viewer, app: "a**b" }], "grants.0.app"],
      "***": [[{ ...viewer, environment: "***" }], "grants.0.environment"],
      "..": [[{ ...viewer, app: ".." }], "grants.0.app"],
      "../x": [[{ ...viewer, keys: ["../x"] }], "grants.0.keys.0"],
      "a/../b": [[{ ...viewer, keys: ["a/../b"] }], "grants.0.keys.0"],
      "an empty app": [[{ ...viewer, app: "" }], "grants.0.app"],
      "an empty environment": [[{ ...viewer, environment: "" }], "grants.0.environment"],
      "an empty key": [[{ ...viewer, keys: [""] }], "grants.0.keys.0"],
      "no keys": [[{ ...viewer, keys: [] }], "grants.0.keys"],
      "no kinds": [[{ ...viewer, kinds: [] }], "grants.0.kinds"],
      "nine stars": [[{ ...viewer, keys: [stars(9)] }], "grants.0.keys.0"],
      "nine stars in an app": [[{ ...viewer, app: stars(9) }], "grants.0.app"],
      "white space": [[{ ...viewer, app: "a b" }], "grants.0.app"],
      "a regular expression": [[{ ...viewer, keys: ["(a+)+$"] }], "grants.0.keys.0"],
      "a set": [[{ ...viewer, keys: ["[a-z]"] }], "grants.0.keys.0"],
      "another alphabet": [[{ ...viewer, app: "раyments" }], "grants.0.app"],
      "a line break": [[{ ...viewer, app: "a\n" }], "grants.0.app"],
      "a long app": [[{ ...viewer, app: "a".repeat(65) }], "grants.0.app"],
      "a long key": [[{ ...viewer, keys: ["a".repeat(257)] }], "grants.0.keys.0"],
      "101 keys": [[{ ...viewer, keys: Array(101).fill("a") }], "grants.0.keys"],
      "an unknown role": [[viewer, { role: "root" }], "grants.1.role"],
      "a role of a prototype": [[{ role: "constructor" }], "grants.0.role"],
      "a role in upper case": [[{ role: "Admin" }], "grants.0.role"],
      "a list of roles": [[{ role: ["admin"] }], "grants.0.role"],
      "no role": [[{}], "grants.0.role"],
      "an unknown kind": [[viewer, { ...viewer, kinds: ["config", "secret"] }], "grants.1.kinds.1"],
      "a kind of a prototype": [[{ ...viewer, kinds: ["toString"] }], "grants.0.kinds.0"],
      "an unknown effect": [[{ ...viewer, effect: "Allow" }], "grants.0.effect"],
      "an unknown member": [[{ ...viewer, apps: ["a"] }], "grants.0.apps"],
      "a null app": [[{ ...viewer, app: null }], "grants.0.app"],
      "a null environment": [[{ ...viewer, environment: null }], "grants.0.environment"],
      "null kinds": [[{ ...viewer, kinds: null }], "grants.0.kinds"],
      "null keys": [[{ ...viewer, keys: null }], "grants.0.keys"],
      "a null key": [[{ ...viewer, keys: [null] }], "grants.0.keys.0"],
      "a null effect": [[{ ...viewer, effect: null }], "grants.0.effect"],
      "a null grant": [[null], "grants.0"],
      "a grant that is text": [["viewer"], "grants.0"],
      "an object of grants": [{ 0: viewer }, "grants"],
      null: [null, "grants"],
      none: [[], "grants"],
      "1,001 of them": [many(1_001), "grants"],
      "10,000 of them": [many(10_000), "grants"],
    };

    it.each(Object.entries(hostile))(
      "are refused, with their place: %s",
      async (_what, [grants, ...paths]) => {
        expect(await askForKey(api, grants)).toBeProblem("INVALID_INPUT", { paths });
      },
    );

    it("are refused where they pollute a prototype, or weigh more than a body may", async () => {
      const post = (text: string) => api.sendText("POST", "/v1/api-keys", "application/json", text);
      const polluting = `{"name":"x","grants":[{"role":"viewer","__proto__":{"app":"a"}}]}`;
      expect(await post(polluting)).toBeProblem("INVALID_INPUT");
      const heavy = JSON.stringify({ name: "x", grants: many(40_000) });
      expect(await post(heavy)).toBeProblem("TOO_LARGE");
    });

    it("leave no key behind, and harm nobody", async () => {
      const before = await countKeys();
      await Promise.all(Object.values(hostile).map(([grants]) => askForKey(api, grants)));
      expect(await countKeys()).toBe(before);
      expect(await api.get("/v1/whoami")).toHaveStatus(200);
    });

    it("may be a thousand with eight stars each: who holds them is decided quickly all the same", async () => {
      const app = unique("shop");
      const grants = Array.from({ length: 1_000 }, (_, index) => ({
        role: "viewer",
        app,
        keys: [`*a*a*a*a*a*a*a*${index}`],
      }));
      const { key } = await makeKey(api, grants);
      const written = await api.put(`/v1/config/${"a".repeat(255)}0?app=${app}`, { value: 1 });
      expect(written).toHaveStatus(200);
      const replies = await Promise.all(
        Array.from({ length: 20 }, () => api.get(`/v1/config?app=${app}`, bearer(key))),
      );
      for (const reply of replies) {
        expect(Object.keys((reply.body as { values: object }).values)).toHaveLength(1);
      }
    });
  });

  describe("a new key", () => {
    it.each([
      ["no name", { name: undefined }, "name"],
      ["a null name", { name: null }, "name"],
      ["an empty name", { name: "" }, "name"],
      ["a name of blanks", { name: "  " }, "name"],
      ["a long name", { name: "x".repeat(101) }, "name"],
      ["a name with U+0000", { name: "a\u0000b" }, "name"],
      ["an unknown member", { admin: true }, "admin"],
      ["its own id", { id: "0000000000000000" }, "id"],
      ["its own key", { key: "fl_x" }, "key"],
      ["defaults that are text", { defaults: "shop" }, "defaults"],
      ["an unknown default", { defaults: { kind: "config" } }, "defaults.kind"],
      ["a default app with a path", { defaults: { app: "a/b" } }, "defaults.app"],
      ["an empty default", { defaults: { app: "" } }, "defaults.app"],
    ])("is refused with %s", async (_what, more, path) => {
      const reply = await askForKey(api, [{ role: "viewer" }], more);
      expect(reply).toBeProblem("INVALID_INPUT", { paths: [path] });
    });

    it("is refused with a default environment that there is not", async () => {
      const environment = unique("qa");
      const reply = await askForKey(api, [{ role: "viewer" }], { defaults: { environment } });
      expect(reply).toBeProblem("NOT_FOUND", { detail: environment });
    });
  });
};
