import { setTimeout as sleep } from "node:timers/promises";

interface Leased {
  readonly id: string;
  readonly version: number;
  readonly fence: number;
}

/** A result that the server has accepted, as the runtime was told. */
interface Accepted extends Leased {
  readonly run: number;
}

/** What a runtime held, with nothing reported of it, when it was killed or paused. */
export interface Lapse {
  readonly runtime: string;
  readonly atMs: number;
  readonly ids: readonly string[];
}

export interface FleetLog {
  readonly accepted: Accepted[];
  readonly lapses: Lapse[];
  /** Results that were refused, since somebody else had the spec. */
  refused: number;
}

interface UnsteadyRuntime {
  readonly url: string;
  readonly key: string;
  readonly name: string;
  readonly leaseSeconds: number;
  readonly limit: number;
  readonly log: FleetLog;
  /** What happens before the next result is sent. */
  readonly fate: () => "goes on" | "is killed" | "is paused";
  readonly isDone: () => boolean;
}

const timeoutMs = 15_000;

/**
 * A runtime as a loop over HTTP: claims, reports, and keeps its leases alive; until all is done, or it is
 * killed, which tells nobody.
 */
export const runUnsteady = async (runtime: UnsteadyRuntime): Promise<"killed" | "done"> => {
  const { fate, isDone, leaseSeconds, limit, log, name } = runtime;
  while (!isDone()) {
    const { body } = await ask(runtime, "claims", { limit, leaseSeconds });
    const { jobSpecs } = body as { jobSpecs: Leased[] };
    if (jobSpecs.length === 0) await sleep(100);
    let renewedMs = performance.now();
    for (const [index, spec] of jobSpecs.entries()) {
      const next = fate();
      if (next !== "goes on") {
        const ids = jobSpecs.slice(index).map(({ id }) => id);
        log.lapses.push({ runtime: name, atMs: Date.now(), ids });
      }
      if (next === "is killed") return "killed";
      // Past its lease, and then on with what it thinks that it has.
      if (next === "is paused") await sleep((leaseSeconds + 1) * 1_000);
      else if (performance.now() - renewedMs > (leaseSeconds * 1_000) / 3) {
        await ask(runtime, "heartbeat", { leaseSeconds });
        renewedMs = performance.now();
      }
      await report(runtime, spec);
    }
  }
  return "done";
};

const report = async (runtime: UnsteadyRuntime, spec: Leased): Promise<void> => {
  const { log } = runtime;
  const { fence, id, version } = spec;
  const result = {
    jobSpecId: id,
    version,
    fence,
    status: "passed",
    evidence: { by: runtime.name },
  };
  const { body, status } = await ask(runtime, "results", result);
  if (status === 201) log.accepted.push({ ...spec, run: (body as Accepted).run });
  else log.refused += 1;
};

const ask = async (
  { key, name, url }: UnsteadyRuntime,
  verb: string,
  body: unknown,
): Promise<{ readonly status: number; readonly body: unknown }> => {
  const response = await fetch(`${url}/v1/runtimes/${name}/${verb}`, {
    method: "POST",
    headers: { "x-api-key": key, "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  const { status } = response;
  const answer = await response.json();
  if (status !== 409 && !response.ok) {
    throw new Error(`${verb} was answered with ${status}: ${JSON.stringify(answer)}`);
  }
  return { status, body: answer };
};
