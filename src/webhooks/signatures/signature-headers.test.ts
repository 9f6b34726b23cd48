import { createPublicKey, verify } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { formatPublicKey, generateKeyPair, readPrivateKey } from "./key-pairs.ts";
import { formatSecret, generateSecret } from "./secrets.ts";
import { signatureHeaders } from "./signature-headers.ts";

const nowSeconds = (): number => Math.floor(Date.now() / 1_000);
const body = '{"type":"dev.fairlead.change.v1","text":"Grüße 👋"}';

const signed = (secrets: readonly Uint8Array[], timestampSeconds = nowSeconds()) => ({
  ...signatureHeaders({ id: "7b0c", timestampSeconds, body, secrets }),
});

const isAccepted = (secret: Uint8Array, headers: Record<string, string>, text = body): boolean => {
  try {
    new Webhook(formatSecret(secret)).verify(text, headers);
    return true;
  } catch {
    return false;
  }
};

describe("the standardwebhooks library", () => {
  const secret = generateSecret();

  it("accepts what was signed with its secret", () => {
    expect(isAccepted(secret, signed([secret]))).toBe(true);
    expect(formatSecret(secret)).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  });

  it("accepts either secret while a rotation lasts, and only the new one afterwards", () => {
    const next = generateSecret();
    const during = signed([next, secret]);
    expect([isAccepted(next, during), isAccepted(secret, during)]).toEqual([true, true]);
    const after = signed([next]);
    expect([isAccepted(next, after), isAccepted(secret, after)]).toEqual([true, false]);
  });

  it("refuses another's secret", () => {
    expect(isAccepted(generateSecret(), signed([secret]))).toBe(false);
  });

  it("refuses a body with any byte changed", () => {
    const headers = signed([secret]);
    for (let at = 0; at < body.length; at += 1) {
      const changed = `${body.slice(0, at)}${body[at] === "x" ? "y" : "x"}${body.slice(at + 1)}`;
      expect(isAccepted(secret, headers, changed)).toBe(false);
    }
    expect(isAccepted(secret, headers, `${body} `)).toBe(false);
  });

  it("refuses an old timestamp, one of the future, and one that was put in later", () => {
    expect(isAccepted(secret, signed([secret], nowSeconds() - 200))).toBe(true);
    const old = signed([secret], nowSeconds() - 400);
    expect(isAccepted(secret, old)).toBe(false);
    expect(isAccepted(secret, signed([secret], nowSeconds() + 400))).toBe(false);
    expect(isAccepted(secret, { ...old, "webhook-timestamp": String(nowSeconds()) })).toBe(false);
  });

  it("refuses another id", () => {
    expect(isAccepted(secret, { ...signed([secret]), "webhook-id": "7b0d" })).toBe(false);
  });
});

describe("a v1a signature", () => {
  /** As a receiver would, from the text that it was given. */
  const isVerified = (
    publicKey: string,
    headers: Record<string, string>,
    text: string,
  ): boolean => {
    const x = Buffer.from(publicKey.slice("whpk_".length), "base64").toString("base64url");
    const key = createPublicKey({ format: "jwk", key: { kty: "OKP", crv: "Ed25519", x } });
    const content = `${headers["webhook-id"]}.${headers["webhook-timestamp"]}.${text}`;
    return (headers["webhook-signature"] ?? "")
      .split(" ")
      .filter((signature) => signature.startsWith("v1a,"))
      .some((signature) =>
        verify(null, Buffer.from(content), key, Buffer.from(signature.slice(4), "base64")),
      );
  };

  it("is verified with the public key, beside a v1 signature", async () => {
    const { privateKey, publicKey } = await generateKeyPair();
    const secret = generateSecret();
    const headers = {
      ...signatureHeaders({
        id: "7b0c",
        timestampSeconds: nowSeconds(),
        body,
        secrets: [secret],
        privateKey: readPrivateKey(privateKey),
      }),
    };
    expect(formatPublicKey(publicKey)).toMatch(/^whpk_[A-Za-z0-9+/]{43}=$/);
    expect(isVerified(formatPublicKey(publicKey), headers, body)).toBe(true);
    expect(isVerified(formatPublicKey(publicKey), headers, `${body} `)).toBe(false);
    const other = await generateKeyPair();
    expect(isVerified(formatPublicKey(other.publicKey), headers, body)).toBe(false);
    expect(isAccepted(secret, headers)).toBe(true);
  });
});

it("is as the published example", () => {
  // https://github.com/standard-webhooks/standard-webhooks, the libraries' test of signing.
  const secret = Buffer.from("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "base64");
  const { "webhook-signature": signature } = signatureHeaders({
    id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
    timestampSeconds: 1_614_265_330,
    body: '{"test": 2432232314}',
    secrets: [secret],
  });
  expect(signature).toBe("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
});

it.each([
  ["an id with a dot", "a.1", 1_614_265_330],
  ["half a second", "a", 0.5],
])("%s is not signed", (_, id, timestampSeconds) => {
  expect(() => signatureHeaders({ id, timestampSeconds, body, secrets: [] })).toThrow(TypeError);
});
