import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase } from "../../../test/helpers/database.ts";
import { createTestContext } from "../../../test/helpers/test-context.ts";
import type { Ctx } from "../../context.ts";
import { connectSql } from "../../platform/sql.ts";
import { type Envelope, openEnvelope, type PublicKey, signEnvelope } from "./dsse.ts";
import { listPublicKeys } from "./list-public-keys.ts";
import { openSigner } from "./open-signer.ts";

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let ctx: Ctx;

beforeAll(async () => {
  database = await createTestDatabase();
  ctx = createTestContext(database.sql);
});

afterAll(() => database.drop());

const type = "application/vnd.example+json";
const text = '{"a":"ü€😀"}';

const sign = async (): Promise<Envelope> =>
  signEnvelope(await openSigner(database.sql), type, text);

const retire = (): Promise<unknown> =>
  database.sql`update fairlead.signing_keys set retired_at = clock_timestamp()`.execute();

describe("an envelope", () => {
  it("is signed over its type and payload, each behind its length", async () => {
    // RFC 8032, section 7.1, TEST 1: Ed25519 is deterministic, so the signature can be checked elsewhere.
    const jwk = {
      kty: "OKP",
      crv: "Ed25519",
      d: "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
      x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    };
    const privateKey = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
    const envelope = await signEnvelope(
      { keyid: "rfc8032", privateKey },
      "http://example.com/HelloWorld",
      "hello world",
    );
    expect(envelope.payload).toBe("aGVsbG8gd29ybGQ=");
    const { d: _, ...open } = jwk;
    const publicKey = await crypto.subtle.importKey("jwk", open, "Ed25519", false, ["verify"]);
    const signed = "DSSEv1 29 http://example.com/HelloWorld 11 hello world";
    const sig = Uint8Array.from(atob(envelope.signatures[0]?.sig ?? ""), (c) => c.charCodeAt(0));
    const bytes = new TextEncoder().encode(signed);
    expect(await crypto.subtle.verify("Ed25519", publicKey, sig, bytes)).toBe(true);
  });

  it("opens with the key that signed it, and says what was signed", async () => {
    const envelope = await sign();
    const { keys } = await listPublicKeys(ctx);
    expect(await openEnvelope(envelope, type, keys)).toBe(text);
  });

  it("does not open when anything of it was changed, nor with another key", async () => {
    const envelope = await sign();
    const { keys } = await listPublicKeys(ctx);
    const [signature] = envelope.signatures;
    const otherSig = `${signature?.sig.startsWith("A") ? "B" : "A"}${signature?.sig.slice(1)}`;
    const forged: Envelope[] = [
      { ...envelope, payload: btoa('{"a":"b"}') },
      { ...envelope, signatures: [{ keyid: keys[0]?.kid ?? "", sig: otherSig }] },
      { ...envelope, signatures: [{ keyid: "other", sig: signature?.sig ?? "" }] },
      { ...envelope, signatures: [] },
    ];
    for (const one of forged) expect(await openEnvelope(one, type, keys)).toBeUndefined();
    // A payload that was signed as something else is not taken for a job spec.
    expect(await openEnvelope(envelope, "application/other", keys)).toBeUndefined();
    expect(
      await openEnvelope(
        { ...envelope, payloadType: "application/other" },
        "application/other",
        keys,
      ),
    ).toBeUndefined();
    const other = keys.map(
      (key): PublicKey => ({ ...key, x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
    );
    expect(await openEnvelope(envelope, type, other)).toBeUndefined();
  });
});

describe("the signing key", () => {
  it("is one, however many processes need it first", async () => {
    await retire();
    const handles = Array.from({ length: 8 }, () => connectSql(database.url, { max: 1 }));
    const signers = await Promise.all(handles.map(openSigner));
    await Promise.all(handles.map((sql) => sql.end()));
    expect(new Set(signers.map(({ keyid }) => keyid)).size).toBe(1);
    const [row] = await database.sql`
      select count(*)::int as count from fairlead.signing_keys where retired_at is null`;
    expect(row).toEqual({ count: 1 });
  });

  it("is followed by another when it is retired, and still opens what it signed", async () => {
    const before = await sign();
    await retire();
    const after = await sign();
    expect(after.signatures[0]?.keyid).not.toBe(before.signatures[0]?.keyid);
    const { keys } = await listPublicKeys(ctx);
    expect(keys[0]?.kid).toBe(after.signatures[0]?.keyid);
    for (const envelope of [before, after]) {
      expect(await openEnvelope(envelope, type, keys)).toBe(text);
    }
  });

  it("shows nothing of its private part", async () => {
    const { keys } = await listPublicKeys(ctx);
    for (const key of keys) {
      expect(Object.keys(key).sort()).toEqual(["alg", "crv", "kid", "kty", "use", "x"]);
    }
  });
});
