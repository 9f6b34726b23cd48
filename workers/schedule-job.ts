import type { PgBoss } from "pg-boss";

interface Job {
  readonly name: string;
  /** As cron writes it, in UTC. */
  readonly cron: string;
  /** Past this a run has failed. */
  readonly timeoutSeconds: number;
  readonly run: () => Promise<void>;
}

/**
 * Schedules a job. It only says "look now": what is owed is in our own tables. Every default of pg-boss
 * that could lose a run is set: the time until a dead worker's run is given to another, retries with
 * growing delays instead of two at once, and how long a run is kept before and after.
 */
export const scheduleJob = async (
  boss: PgBoss,
  { cron, name, run, timeoutSeconds }: Job,
): Promise<void> => {
  const traits = {
    expireInSeconds: timeoutSeconds,
    heartbeatSeconds: 30,
    retryLimit: 5,
    retryDelay: 10,
    retryBackoff: true,
    retryDelayMax: 300,
    retentionSeconds: 86_400,
    deleteAfterSeconds: 86_400,
  };
  await boss.createQueue(name, { policy: "singleton", ...traits });
  // Queues that an older version made keep their traits otherwise.
  await boss.updateQueue(name, traits);
  await boss.work(name, () => run());
  await boss.schedule(name, cron);
};
