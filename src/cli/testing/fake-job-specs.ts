import { createHash } from "node:crypto";
import { type PublicKey, type Signer, signEnvelope } from "../../job-specs/signing/dsse.ts";
import { canonicalJson } from "../../platform/canonical-json.ts";
import type { Json } from "../../platform/json.ts";
import { type FakeServer, type Received, type Reply, startFakeServer } from "./fake-server.ts";

/** A job spec of the fake server; tests change it as a real one's other parts would. */
interface FakeJobSpec {
  readonly id: string;
  version: number;
  fence: number;
  spec: Json;
  isDue: boolean;
  isHeld: boolean;
  /** What is signed, where it is not `spec`. */
  signed?: Json;
  intervalSeconds?: number;
  /** By the server's own clock; results before that are refused. */
  dueMs: number;
}

interface FakeResult {
  readonly jobSpecId: string;
  readonly version: number;
  readonly fence: number;
  readonly status: string;
  readonly evidence: unknown;
  readonly idempotencyKey: unknown;
}

/** A server that leases job specs to one runtime, as a test wants it to. */
export interface FakeJobSpecServer extends FakeServer {
  readonly specs: readonly FakeJobSpec[];
  readonly results: readonly FakeResult[];
  /** Ids of what was given back. */
  readonly released: readonly string[];
  /** Sends an event to who follows the stream. */
  readonly send: (change: string, spec: FakeJobSpec) => void;
  /** Waits until something holds; looks whenever a request comes. */
  until(holds: () => boolean): Promise<void>;
}

/** Answers in place of the server where it gives a reply. */
type Intercept = (request: Received) => Reply | undefined;

interface FakeSpecOptions {
  readonly specs: readonly Json[];
  readonly intercept?: Intercept;
}

const refused = (status: number, code: string, more: object = {}): Reply => ({
  status,
  body: { title: code, code, detail: code, ...more },
});

interface Store {
  readonly specs: FakeJobSpec[];
  readonly results: FakeResult[];
  readonly released: string[];
}

const createSigner = async (): Promise<{ signer: Signer; publicKey: PublicKey }> => {
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const { x = "" } = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const base = { kty: "OKP", crv: "Ed25519", use: "sig", alg: "EdDSA" } as const;
  return {
    signer: { keyid: "key-1", privateKey: pair.privateKey },
    publicKey: { ...base, x, kid: "key-1" },
  };
};

const attestation = "a";

const signSpec = async (signer: Signer, spec: FakeJobSpec): Promise<object> => {
  const signed = spec.signed ?? spec.spec;
  const hash = createHash("sha256").update(canonicalJson(signed)).digest("hex");
  const { id, version } = spec;
  const payload = canonicalJson({ id, version, attestation, hash, spec: signed });
  return signEnvelope(signer, "application/vnd.fairlead.job-spec+json", payload);
};

const leaseOf = ({ dueMs, fence, id, isDue, version }: FakeJobSpec): object => ({
  id,
  version,
  fence,
  leaseExpiresAt: "1999-01-01T00:00:00Z",
  dueAt: isDue ? "1999-01-01T00:00:00Z" : null,
  dueInSeconds: isDue ? Math.ceil(Math.max(0, dueMs - performance.now()) / 1_000) : null,
});

/** What every version of every spec is signed as, made before it is asked for. */
const prepareEnvelopes = async (signer: Signer, specs: readonly FakeJobSpec[]) => {
  const envelopes = new Map<string, object>();
  for (const spec of specs) {
    for (let version = 1; version <= 3; version += 1) {
      envelopes.set(`${spec.id}/${version}`, await signSpec(signer, { ...spec, version }));
    }
  }
  return (spec: FakeJobSpec): object => ({
    ...leaseOf(spec),
    attestation,
    spec: spec.spec,
    envelope: envelopes.get(`${spec.id}/${spec.version}`),
  });
};

const accept = (store: Store, { body, headers }: Received): Reply => {
  const result = body as FakeResult;
  const spec = store.specs.find(({ id }) => id === result.jobSpecId);
  if (spec === undefined) return refused(404, "NOT_FOUND");
  const isCurrent = spec.fence === result.fence && spec.version === result.version;
  if (!isCurrent || !spec.isDue || performance.now() < spec.dueMs) return refused(409, "CONFLICT");
  store.results.push({ ...result, idempotencyKey: headers["idempotency-key"] });
  spec.isDue = spec.intervalSeconds !== undefined;
  spec.dueMs = performance.now() + (spec.intervalSeconds ?? 0) * 1_000;
  const receivedMs = Date.UTC(1999, 0, 1);
  const dueMs = receivedMs + (spec.intervalSeconds ?? 0) * 1_000;
  return {
    status: 201,
    body: {
      run: store.results.length,
      receivedAt: new Date(receivedMs).toISOString(),
      dueAt: spec.isDue ? new Date(dueMs).toISOString() : null,
    },
  };
};

const createEvents = () => {
  let wake: (() => void) | undefined;
  const pending: string[] = [`id: s-1\nevent: reset\ndata: {"reason":"opened"}\n\n`];
  return {
    send(text: string) {
      pending.push(text);
      wake?.();
    },
    async *pieces(): AsyncGenerator<string> {
      for (;;) {
        while (pending.length > 0) yield pending.shift() ?? "";
        const { promise, resolve } = Promise.withResolvers<void>();
        wake = resolve;
        await promise;
      }
    },
  };
};

const toFakeSpec = (spec: Json, index: number): FakeJobSpec => {
  const { interval, signed } = spec as { interval?: number; signed?: Json };
  return {
    id: `spec-${index}`,
    version: 1,
    fence: 0,
    spec,
    isDue: true,
    isHeld: false,
    dueMs: 0,
    ...(signed === undefined ? {} : { signed }),
    ...(interval === undefined ? {} : { intervalSeconds: interval }),
  };
};

const claim = ({ specs }: Store, limit: number): FakeJobSpec[] => {
  const taken = specs.filter(({ isDue, isHeld }) => isDue && !isHeld).slice(0, limit);
  for (const spec of taken) {
    spec.isHeld = true;
    spec.fence += 1;
  }
  return taken;
};

const release = ({ released, specs }: Store, path: string): Reply => {
  const spec = specs.find(({ id, isHeld }) => isHeld && path.endsWith(`/claims/${id}`));
  if (spec === undefined) return refused(404, "NOT_FOUND");
  spec.isHeld = false;
  released.push(spec.id);
  return { status: 204 };
};

const answer = (store: Store, request: Received, leased: (spec: FakeJobSpec) => object): Reply => {
  const { body, path } = request;
  const held = store.specs.filter(({ isHeld }) => isHeld);
  if (path.endsWith("/claims")) {
    return { body: { jobSpecs: claim(store, (body as { limit: number }).limit).map(leased) } };
  }
  if (path.endsWith("/heartbeat")) return { body: { jobSpecs: held.map(leaseOf) } };
  if (path.endsWith("/job-specs")) return { body: { revision: 1, jobSpecs: held.map(leased) } };
  if (path.endsWith("/results")) return accept(store, request);
  if (path.includes("/job-specs/")) {
    const spec = held.find(({ id }) => path.endsWith(`/${id}`));
    return spec === undefined ? refused(404, "NOT_FOUND") : { body: leased(spec) };
  }
  return release(store, path);
};

const createWatchers = () => {
  const watchers = new Set<() => void>();
  return {
    look: () => {
      for (const watcher of watchers) watcher();
    },
    until: async (holds: () => boolean): Promise<void> => {
      const { promise, resolve } = Promise.withResolvers<void>();
      const watcher = (): void => {
        if (holds()) resolve();
      };
      watchers.add(watcher);
      watcher();
      await promise;
      watchers.delete(watcher);
    },
  };
};

/** Its times are decades away from the client's: nothing may depend on them. */
export const startFakeJobSpecs = async ({
  intercept = () => undefined,
  specs: given,
}: FakeSpecOptions): Promise<FakeJobSpecServer> => {
  const { publicKey, signer } = await createSigner();
  const store: Store = { specs: given.map(toFakeSpec), results: [], released: [] };
  const leased = await prepareEnvelopes(signer, store.specs);
  const events = createEvents();
  const { look, until } = createWatchers();
  const server = await startFakeServer((request) => {
    queueMicrotask(look);
    const intercepted = intercept(request);
    if (intercepted !== undefined) return intercepted;
    if (request.path === "/v1/keys") return { body: { keys: [publicKey] } };
    return request.path.endsWith("/stream")
      ? { headers: { "Content-Type": "text/event-stream" }, pieces: events.pieces() }
      : answer(store, request, leased);
  });
  return {
    ...server,
    ...store,
    send(change, { fence, id, version }) {
      const data = { change, jobSpecId: id, attestation, version, fence };
      events.send(`id: s-2\nevent: jobspec\ndata: ${JSON.stringify({ data })}\n\n`);
    },
    until,
  };
};
