import { createHash } from "node:crypto";
import { canonicalJson } from "../../platform/canonical-json.ts";
import type { Sql } from "../../platform/sql.ts";
import type { PublicKey, Signer } from "./dsse.ts";

interface StoredKey {
  readonly id: string;
  readonly privateKey: Uint8Array<ArrayBuffer>;
}

const algorithm = "Ed25519";

/** The key that signs now. It is made where there is none; of any number of processes one makes it. */
export const openSigner = async (sql: Sql): Promise<Signer> => {
  const stored = (await keyInUse(sql)) ?? (await makeKey(sql));
  const bytes = new Uint8Array(stored.privateKey);
  const privateKey = await crypto.subtle.importKey("pkcs8", bytes, algorithm, false, ["sign"]);
  return { keyid: stored.id, privateKey };
};

const keyInUse = async (sql: Sql): Promise<StoredKey | undefined> => {
  const [key] = await sql<StoredKey[]>`
    select id, private_key as "privateKey" from fairlead.signing_keys where retired_at is null`;
  return key;
};

const makeKey = async (sql: Sql): Promise<StoredKey> => {
  const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const privateKey = new Uint8Array(await crypto.subtle.exportKey("pkcs8", pair.privateKey));
  const { x = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  await insertKey(sql, privateKey, toPublicKey(x));
  const made = await keyInUse(sql);
  if (made === undefined) throw new Error("the signing key was retired as soon as it was made");
  return made;
};

/** Named by its thumbprint (RFC 7638). */
const toPublicKey = (x: string): PublicKey => {
  const named = { kty: "OKP", crv: algorithm, x } as const;
  const kid = createHash("sha256").update(canonicalJson(named)).digest("base64url");
  return { ...named, kid, use: "sig", alg: "EdDSA" };
};

/** Where another process was first, its key stays. */
const insertKey = (sql: Sql, privateKey: Uint8Array, publicKey: PublicKey) => sql`
  insert into fairlead.signing_keys (id, private_key, public_key, created_at)
  values (
    ${publicKey.kid}, ${privateKey}, ${JSON.stringify(publicKey)}::text::json,
    statement_timestamp()
  )
  on conflict do nothing`;
