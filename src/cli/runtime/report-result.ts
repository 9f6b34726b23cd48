import { randomUUID } from "node:crypto";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import type { HeldSpec } from "./held-specs.ts";
import type { Outcome } from "./outcome.ts";
import type { RunResult } from "./runtime-api.ts";
import type { AcceptedResult } from "./runtime-shapes.ts";
import type { Runtime } from "./runtime-state.ts";
import { tell } from "./tell.ts";
import { pause } from "./waker.ts";

const firstDelayMs = 500;
const longestDelayMs = 10_000;
/** How long a spec waits whose result the server refuses for what it is. */
const refusedForMs = 60_000;

/**
 * Reports what came of a run until the server has said what it makes of it. It is for the server to say
 * whether a lease that has ended meanwhile still counts.
 */
export const reportResult = async (
  runtime: Runtime,
  spec: HeldSpec,
  outcome: Outcome,
): Promise<void> => {
  const { leaseSeconds, nowMs, session, stopping } = runtime;
  const { leased } = spec;
  const { fence, id, version } = leased;
  const untilMs = nowMs() + 2 * leaseSeconds * 1_000 + 60_000;
  let report: RunResult = { jobSpecId: id, version, fence, ...outcome };
  let idempotencyKey = randomUUID();
  let isReplaced = false;
  for (let attempt = 0; ; attempt += 1) {
    try {
      settle(runtime, spec, report, await runtime.api.report(report, idempotencyKey));
      return;
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      if (error.exitCode === exitCodes.refused && !isReplaced) {
        // Evidence that is too large, say. What came of the run can be told all the same.
        const note = `The evidence was refused: ${error.message}`;
        report = { ...outcome, jobSpecId: id, version, fence, evidence: { note } };
        idempotencyKey = randomUUID();
        isReplaced = true;
        continue;
      }
      if (isFinal(error)) {
        refuse(runtime, spec, error);
        return;
      }
      if (stopping.aborted || nowMs() > untilMs) {
        tell(session, leased, { event: "failed", words: `not reported: ${error.message}` });
        return;
      }
    }
    await pause(Math.min(longestDelayMs, firstDelayMs * 2 ** attempt), stopping);
  }
};

const settle = (
  { nowMs, session }: Runtime,
  spec: HeldSpec,
  { status }: RunResult,
  { dueAt, receivedAt, run }: AcceptedResult,
): void => {
  const now = nowMs();
  spec.settledMs = now;
  // The difference of two times of the server's: what this machine's clock says does not matter.
  const isAgain = dueAt !== null && dueAt !== undefined;
  spec.dueMs = isAgain ? now + Date.parse(dueAt) - Date.parse(receivedAt) : undefined;
  tell(session, spec.leased, {
    event: "result",
    words: `${status}  run ${run}`,
    more: { status, run },
  });
};

const final = new Set<number>([
  exitCodes.conflict,
  exitCodes.denied,
  exitCodes.notFound,
  exitCodes.refused,
]);

const isFinal = ({ exitCode }: Failure): boolean => final.has(exitCode);

const refuse = (runtime: Runtime, spec: HeldSpec, error: Failure): void => {
  const { beats, held, nowMs, session } = runtime;
  const { leased } = spec;
  const reason = error.message;
  tell(session, leased, { event: "refused", words: `refused: ${reason}`, more: { reason } });
  if (error.exitCode === exitCodes.denied) runtime.end(error);
  spec.settledMs = nowMs();
  spec.dueMs = error.exitCode === exitCodes.refused ? nowMs() + refusedForMs : undefined;
  if (error.exitCode === exitCodes.notFound && held.get(leased.id) === spec) {
    held.drop(leased.id, "it was removed");
  }
  // What is held in truth, and what of it is to be run, the server says.
  runtime.wantsList = true;
  beats.wake();
};
