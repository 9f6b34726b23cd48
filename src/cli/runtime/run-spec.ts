import type { Json } from "../../platform/json.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import type { Checked } from "./check-signature.ts";
import type { HeldSpec } from "./held-specs.ts";
import { errorOutcome, type Outcome, outcomeOf } from "./outcome.ts";
import { pluginFor } from "./plugins.ts";
import { reportResult } from "./report-result.ts";
import { runCommand } from "./run-command.ts";
import type { LeasedSpec } from "./runtime-shapes.ts";
import { countBusy, type Runtime } from "./runtime-state.ts";

/** How long a spec waits that cannot be run, since its content or the public keys cannot be had. */
const tryAgainMs = 2_000;

/** Runs as many specs as may run at a time, the oldest due first, and drops what is lost. */
export const runDue = (runtime: Runtime): void => {
  const { concurrency, held, nowMs, stopping } = runtime;
  held.dropExpired();
  if (stopping.aborted) return;
  const now = nowMs();
  const due = held
    .all()
    .filter(({ dueMs, work }) => work === undefined && dueMs !== undefined && dueMs <= now)
    .sort((one, other) => (one.dueMs ?? 0) - (other.dueMs ?? 0));
  for (const spec of due.slice(0, Math.max(0, concurrency - runtime.running))) begin(runtime, spec);
};

const begin = (runtime: Runtime, spec: HeldSpec): void => {
  const work = new AbortController();
  spec.work = work;
  runtime.running += 1;
  const working = execute(runtime, spec, work.signal)
    .finally(() => {
      runtime.running -= 1;
      runDue(runtime);
    })
    .then((outcome) => (outcome === undefined ? undefined : reportResult(runtime, spec, outcome)))
    .catch((error: unknown) => runtime.end(error))
    .finally(() => {
      if (spec.work === work) spec.work = undefined;
      runtime.works.delete(working);
      wakeClaims(runtime);
      runDue(runtime);
    });
  runtime.works.add(working);
};

/** Specs are fetched when half of what may be held has room, not one by one. */
const wakeClaims = (runtime: Runtime): void => {
  const { claims, hasBacklog, limit, once } = runtime;
  if (once || (hasBacklog && countBusy(runtime) <= limit / 2)) claims.wake();
};

/** What came of a run; undefined where it was ended, or could not begin. */
const execute = async (
  runtime: Runtime,
  spec: HeldSpec,
  signal: AbortSignal,
): Promise<Outcome | undefined> => {
  try {
    const leased = await withContent(runtime, spec);
    const checked = await checkedSpec(runtime, leased);
    // To look up content and keys takes time, in which the lease may have ended.
    if (signal.aborted || runtime.nowMs() >= spec.leaseEndsMs) return undefined;
    if ("refused" in checked) return errorOutcome(`The job spec is not run: ${checked.refused}`);
    return await runPlugin(runtime, checked.spec, signal);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    runtime.remark(`What is needed to run it cannot be read: ${error.message}`);
    spec.dueMs = runtime.nowMs() + tryAgainMs;
    return undefined;
  }
};

/** Where the answer in which it came had no room for the content, that is read now. */
const withContent = async (runtime: Runtime, { leased }: HeldSpec): Promise<LeasedSpec> => {
  if (leased.envelope !== null) return leased;
  const read = await runtime.api.read(leased.id);
  if (read.version === leased.version && read.fence === leased.fence) return read;
  runtime.wantsList = true;
  runtime.beats.wake();
  throw new Failure(exitCodes.conflict, { title: "The job spec has changed." });
};

const checkedSpec = async ({ check, verify }: Runtime, leased: LeasedSpec): Promise<Checked> =>
  verify ? check(leased) : { spec: leased.spec as Json };

const runPlugin = async (
  { plugins, session }: Runtime,
  spec: Json,
  signal: AbortSignal,
): Promise<Outcome | undefined> => {
  const plugin = pluginFor(plugins, spec);
  if ("missing" in plugin) return errorOutcome(`There is no plugin "${plugin.missing}".`);
  const { cwd, env } = session.io;
  const end = await runCommand({ plugin, spec, cwd, env, signal });
  return signal.aborted && end.exitCode === null ? undefined : outcomeOf(end);
};
