import { createHash } from "node:crypto";
import { SignJWT } from "jose";
import { beforeEach, describe, expect, it } from "vitest";
import { openAuthoritySql } from "../../test/helpers/edge/open-authority-sql.ts";
import { createLogger } from "../platform/log.ts";
import { createAuthority } from "./authority/create-authority.ts";
import { handleInternal } from "./handle-internal.ts";
import { maxOperationBytes } from "./operations.ts";
import { signPublishToken } from "./publish-token.ts";

const secret = "a-secret-of-publishers-and-edges-alone";
const host = "edge.example.org";
const url = `https://${host}/internal/layers`;
const status = JSON.stringify({ op: "status" });

let nowMs: number;
let authority: ReturnType<typeof createAuthority>;
let asked: number;

beforeEach(() => {
  nowMs = Date.parse("2026-11-20T12:00:00Z");
  asked = 0;
  authority = createAuthority({
    sql: openAuthoritySql(),
    store: undefined,
    wake: async () => {},
    nowMs: () => nowMs,
  });
});

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const sign = (more: Partial<Parameters<typeof signPublishToken>[0]> = {}): Promise<string> =>
  signPublishToken({ secret, host, body: bytesOf(status), nowMs, ...more });

const send = async (token: string | undefined, body: BodyInit = status, to = url) => {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const response = await handleInternal(new Request(to, { method: "POST", headers, body }), {
    secret,
    log: createLogger("error", () => {}),
    nowMs: () => nowMs,
    authority: {
      async perform(permit, operation) {
        asked += 1;
        return authority.perform(permit, operation);
      },
    },
  });
  return { status: response.status, body: (await response.json()) as { detail?: string } };
};

const signAnything = (claims: object, header: object = {}, by = secret): Promise<string> =>
  new SignJWT({ ...claims })
    .setProtectedHeader({ alg: "HS256", ...header })
    .sign(new TextEncoder().encode(by));

const refused = { status: 401 };

describe("a publish token", () => {
  it("lets its body through once", async () => {
    const token = await sign();
    expect(await send(token)).toMatchObject({ status: 200, body: { point: null } });
    expect(await send(token)).toMatchObject(refused);
    expect((await send(token)).body.detail).toContain("used before");
    expect(await send(await sign())).toMatchObject({ status: 200 });
  });

  it("is of no use a second time as long as it would be accepted", async () => {
    const token = await sign();
    expect(await send(token)).toMatchObject({ status: 200 });
    for (let second = 1; second <= 200; second += 1) {
      nowMs += 1_000;
      // Every use of another one clears what is remembered.
      expect(await send(await sign())).toMatchObject({ status: 200 });
      expect(await send(token)).toMatchObject(refused);
    }
  });

  it("is accepted where clocks are up to 30 s apart, and not past its minute", async () => {
    for (const [aheadMs, expected] of [
      [89_000, 200],
      [91_000, 401],
      [-29_000, 200],
      [-31_000, 401],
    ] as const) {
      expect((await send(await sign({ nowMs: nowMs - aheadMs }))).status).toBe(expected);
    }
  });

  it("is refused without asking the authority where anything about it is wrong", async () => {
    const token = await sign();
    const [header, claims, signature] = token.split(".");
    const iat = nowMs / 1_000;
    const body = createHash("sha256").update(status).digest("base64url");
    const right = { iss: "fairlead", aud: host, iat, exp: iat + 60, jti: "a", body };
    expect(await send(await signAnything(right))).toMatchObject({ status: 200 });
    asked = 0;
    const unsigned = [btoa('{"alg":"none"}'), claims, ""].join(".").replaceAll("=", "");
    const wrong: Record<string, string | undefined> = {
      "no token": undefined,
      "no token after all": "",
      "something else": "fl_key",
      "another secret": await sign({ secret: `${secret}!` }),
      "another audience": await sign({ host: "other.example.org" }),
      "the same host with a port": await sign({ host: `${host}:8443` }),
      "no signature": unsigned,
      "another signature": [header, claims, signature?.split("").toReversed().join("")].join("."),
      "another issuer": await signAnything({ ...right, iss: "somebody" }),
      "no id": await signAnything({ ...right, jti: undefined }),
      "no body": await signAnything({ ...right, body: undefined }),
      "no end": await signAnything({ ...right, exp: undefined }),
      "no beginning": await signAnything({ ...right, iat: undefined }),
      "an end far away, and begun long ago": await signAnything({
        ...right,
        iat: iat - 3_600,
        exp: iat + 3_600,
      }),
      "another algorithm": await signAnything(right, { alg: "HS512" }),
    };
    for (const [what, one] of Object.entries(wrong)) {
      expect([what, (await send(one)).status]).toEqual([what, 401]);
    }
    expect(asked).toBe(0);
  });

  it("is refused with any other body, and not used up by it", async () => {
    const token = await sign();
    for (const body of [`${status} `, JSON.stringify({ op: "reset" }), ""]) {
      expect(await send(token, body)).toMatchObject(refused);
    }
    expect(asked).toBe(0);
    expect(await send(token)).toMatchObject({ status: 200 });
  });
});

describe("a request", () => {
  it("is refused where its body is no operation, or too large", async () => {
    for (const body of ["", "{", "[]", '{"op":"drop"}', '{"op":"status","more":1}']) {
      const answer = await send(await sign({ body: bytesOf(body) }), body);
      expect([body, answer.status]).toEqual([body, 400]);
    }
    const large = " ".repeat(maxOperationBytes + 1);
    expect(await send(await sign({ body: bytesOf(large) }), large)).toMatchObject({ status: 413 });
    expect(asked).toBe(0);
  });

  it("is refused by an edge without a secret, and by another method", async () => {
    const token = await sign();
    const init = { headers: { authorization: `Bearer ${token}` } };
    const parts = { secret: undefined, authority, log: createLogger("error", () => {}) };
    const perform = async () => ({ answer: null });
    const none = await handleInternal(new Request(url, { ...init, method: "POST", body: status }), {
      ...parts,
      authority: { perform },
    });
    expect(none.status).toBe(503);
    const get = await handleInternal(new Request(url, init), {
      ...parts,
      secret,
      authority: { perform },
    });
    expect([get.status, get.headers.get("allow")]).toEqual([405, "POST"]);
  });
});
