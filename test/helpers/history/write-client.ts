import { setTimeout as sleep } from "node:timers/promises";
import { type Caller, createCaller, type Exchanged } from "./exchange.ts";
import type { WriteRecord, WrittenOperation } from "./history.ts";
import type { Random } from "./random.ts";
import { authorization, type Clients, keys, scopes } from "./shared.ts";

interface WriterOptions {
  readonly clients: Clients;
  readonly random: Random;
  readonly run: string;
  readonly writer: number;
  readonly records: WriteRecord[];
}

const pauseMs = 15;
const patientMs = 12_000;
const maxAttempts = 100;
const impatientMs = 300;
/** So long that small layers have deltas too. */
const padding = "x".repeat(250);

/**
 * Commits change set after change set. Every second one has an Idempotency-Key, and is repeated
 * wherever its answer is lost, also by somebody who waits only a moment.
 */
export const runWriter = async (options: WriterOptions): Promise<void> => {
  const { clients, random, records, run, writer } = options;
  const caller = createCaller();
  for (let number = 0; clients.isRunning(); number += 1) {
    const token = `${run}/${writer}/${number}`;
    const operations = makeOperations(random, clients, token);
    const startMs = performance.now();
    const repeats = number % 2 === 0;
    let answer: Exchanged | undefined;
    let endMs: number;
    do {
      const timeoutMs = repeats && random.chance(0.2) ? impatientMs : patientMs;
      const idempotency = repeats ? { "idempotency-key": token } : {};
      answer = await send(caller, random.pick(clients.urls), operations, timeoutMs, idempotency);
      endMs = performance.now();
      await sleep(pauseMs);
    } while (repeats && isUnknown(answer) && clients.isRunning());
    const outcome = outcomeOf(answer, operations, clients);
    records.push({ token, startMs, endMs, operations, outcome });
  }
  caller.close();
};

/** Commits one change set, repeats it where its answer is lost, and says what became of it. */
export const commitOnce = async (
  url: string,
  token: string,
  operations: readonly WrittenOperation[],
): Promise<WriteRecord> => {
  const caller = createCaller();
  const startMs = performance.now();
  const idempotency = { "idempotency-key": token };
  let answer: Exchanged | undefined;
  for (let attempt = 0; attempt < maxAttempts && isUnknown(answer); attempt += 1) {
    if (attempt > 0) await sleep(100);
    answer = await send(caller, url, operations, patientMs, idempotency);
  }
  caller.close();
  const clients = { newest: 0, versions: new Map<string, number>() };
  const outcome = outcomeOf(answer, operations, clients);
  return { token, startMs, endMs: performance.now(), operations, outcome };
};

const send = (
  caller: Caller,
  url: string,
  operations: readonly WrittenOperation[],
  timeoutMs: number,
  headers: Readonly<Record<string, string>>,
): Promise<Exchanged | undefined> =>
  caller.send(`${url}/v1/changes`, {
    method: "POST",
    headers: { ...authorization, "content-type": "application/json", ...headers },
    body: JSON.stringify({ operations: operations.map(toRequest), allowLargeChange: true }),
    timeoutMs,
  });

const idOf = ({ app, environment, key }: WrittenOperation): string =>
  `${app}/${environment}/${key}`;

const makeOperations = (random: Random, clients: Clients, token: string): WrittenOperation[] => {
  const made = new Map<string, WrittenOperation>();
  const count = 1 + random.below(3);
  for (let index = 0; index < count; index += 1) {
    const scope = random.pick(scopes);
    // What lies in the global layer stays, so that every read finds it.
    const isPut = index === 0 || scope.app === "" || random.chance(0.7);
    const operation: WrittenOperation = {
      op: isPut ? "put" : "delete",
      ...scope,
      key: random.pick(keys),
      ...(isPut ? { value: `${token} ${padding}` } : {}),
    };
    if (made.has(idOf(operation))) continue;
    const version = clients.versions.get(idOf(operation));
    const isGuarded = version !== undefined && random.chance(0.3);
    made.set(idOf(operation), {
      ...operation,
      ...(isGuarded ? { expectedVersion: version } : {}),
    });
  }
  return [...made.values()];
};

const toRequest = ({ app, environment, ...operation }: WrittenOperation): object => ({
  kind: "config",
  ...(app === "" ? {} : { app }),
  ...(environment === "" ? {} : { environment }),
  ...operation,
});

/** UNAVAILABLE is no answer: what was asked for may have happened. */
const isUnknown = (answer: Exchanged | undefined): boolean =>
  answer === undefined || answer.status >= 500;

const outcomeOf = (
  answer: Exchanged | undefined,
  operations: readonly WrittenOperation[],
  clients: Pick<Clients, "newest" | "versions">,
): WriteRecord["outcome"] => {
  if (answer === undefined || isUnknown(answer)) return { kind: "unknown" };
  const { status, text } = answer;
  if (status !== 201) return { kind: "refused", status };
  const { changes, revision } = JSON.parse(text) as {
    revision: number;
    changes: { app: string | null; environment: string | null; key: string; version: number }[];
  };
  clients.newest = Math.max(clients.newest, revision);
  const versions = new Map(
    changes.map(({ app, environment, key, version }) => [
      `${app ?? ""}/${environment ?? ""}/${key}`,
      version,
    ]),
  );
  for (const [id, version] of versions) clients.versions.set(id, version);
  return {
    kind: "acknowledged",
    revision,
    versions: operations.map((one) => versions.get(idOf(one)) ?? 0),
  };
};
