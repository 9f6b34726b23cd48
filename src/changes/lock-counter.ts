import type { Tx } from "../platform/sql.ts";

/**
 * Locks the revision counter until the transaction ends: no group commits meanwhile, whichever
 * process it is of. What is read by later statements is the state under the lock.
 */
export const lockCounter = async (tx: Tx): Promise<void> => {
  await tx`select revision from fairlead.deployment for update`;
};
