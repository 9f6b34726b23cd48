import { createHash } from "node:crypto";
import { expect } from "vitest";
import type { Api, HeadersOf, Reply } from "../helpers/http-api.ts";
import { unique } from "./vocabulary.ts";

export interface Grant {
  readonly role: string;
  readonly effect?: "allow" | "deny";
  readonly app?: string;
  readonly environment?: string;
  readonly kinds?: readonly string[];
  readonly keys?: readonly string[];
}

export interface NewKey {
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly defaults?: { readonly app?: string | null; readonly environment?: string | null };
  readonly expiresAt?: string | null;
}

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  readonly grants: readonly Grant[];
  readonly defaults: { readonly app: string | null; readonly environment: string | null };
  readonly createdAt: string;
  readonly createdBy: string;
  readonly expiresAt: string | null;
  readonly lastUsedAt: string | null;
  readonly revokedAt: string | null;
  readonly revokedBy: string | null;
}

export interface CreatedApiKey extends ApiKey {
  readonly key: string;
}

export interface Whoami {
  readonly actor: { readonly type: string; readonly id: string };
  readonly name: string;
  readonly authentication: string;
  readonly grants: readonly Grant[];
  readonly actions: readonly string[];
}

/** The headers of whoever holds a key. */
export const bearer = (key: string): HeadersOf => ({ authorization: `Bearer ${key}` });

/** Asks for a key; as the administrator, unless headers say who else. */
export const askForKey = (
  api: Api,
  grants: unknown,
  more: object = {},
  headers: HeadersOf = {},
): Promise<Reply<CreatedApiKey>> =>
  api.post<CreatedApiKey>("/v1/api-keys", { name: unique("key"), grants, ...more }, headers);

/** Makes a key that must be made. */
export const makeKey = async (
  api: Api,
  grants: readonly Grant[],
  more: Partial<NewKey> = {},
  headers: HeadersOf = {},
): Promise<CreatedApiKey> => {
  const reply = await askForKey(api, grants, more, headers);
  expect(reply).toHaveStatus(201);
  return reply.body;
};

/** Asks again and again until an answer is what it must become, which fails the test where it takes too long. */
export const eventually = async <Answer>(
  ask: () => Promise<Answer>,
  isReached: (answer: Answer) => boolean,
  patienceMs = 15_000,
): Promise<Answer> => {
  const deadlineMs = performance.now() + patienceMs;
  for (;;) {
    const answer = await ask();
    if (isReached(answer)) return answer;
    if (performance.now() > deadlineMs) {
      throw new Error(`not reached in ${patienceMs} ms: ${JSON.stringify(answer).slice(0, 2_000)}`);
    }
    await new Promise((resume) => setTimeout(resume, 50));
  }
};

/** What nobody but the one answer may hold: the secret, whole or cut, and the hash that is stored. */
export const tracesOf = (key: string): string[] => {
  const secret = key.split("_")[2] ?? "";
  const hash = createHash("sha256").update(key).digest();
  return [
    secret,
    secret.slice(0, 20),
    secret.slice(-20),
    hash.toString("hex"),
    hash.toString("base64"),
  ];
};
