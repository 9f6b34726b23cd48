import { describeError, type Logger } from "../platform/log.ts";
import type { Sql } from "../platform/sql.ts";
import { type Claim, renewLease } from "./claim-consumer.ts";

interface KeptLease {
  /** Aborted once the lease is lost, or may be for all that is known here. */
  readonly lost: AbortSignal;
  stop(): void;
}

interface LeaseOptions {
  readonly sql: Sql;
  readonly claim: Claim;
  readonly leaseMs: number;
  readonly log: Logger;
}

/** Renews a lease while its holder works, three times in its length. */
export const keepLease = ({ claim, leaseMs, log, sql }: LeaseOptions): KeptLease => {
  const controller = new AbortController();
  let stopped = false;
  const lose = (): void => {
    clearInterval(renewals);
    controller.abort(new Error(`somebody else drains ${claim.name}`));
  };
  let expiry = setTimeout(lose, leaseMs);
  const renew = async (): Promise<void> => {
    try {
      if (!(await renewLease(sql, claim, leaseMs))) return lose();
      clearTimeout(expiry);
      if (!stopped) expiry = setTimeout(lose, leaseMs);
    } catch (error) {
      // Until the lease expires the next renewal may work.
      log.debug("could not renew a lease", { consumer: claim.name, ...describeError(error) });
    }
  };
  const renewals = setInterval(() => void renew(), leaseMs / 3);
  return {
    lost: controller.signal,
    stop() {
      stopped = true;
      clearInterval(renewals);
      clearTimeout(expiry);
    },
  };
};
