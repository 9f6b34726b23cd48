import { readVersions } from "../../src/webhooks/deliveries/read-versions.ts";
import { inTime, putBack } from "./dispatch-round.ts";
import type { DispatchState } from "./dispatch-state.ts";

/** Whether no webhook can have changed, as far as this process has been told, since it was last read. */
export const isChecked = ({ checkedLooks, looks }: DispatchState): boolean =>
  looks === checkedLooks;

/**
 * Puts back what was begun for webhooks as they were: after a look, a disabled, changed or deleted one
 * is called no more as it was before, but for requests that are under way.
 */
export const checkWebhooks = async (state: DispatchState): Promise<void> => {
  if (isChecked(state)) return;
  const { deps, lanes, looks } = state;
  const queued = [...lanes.values()].filter(({ queue }) => queue.length > 0);
  const ids = queued.map(({ webhookId }) => webhookId);
  if (ids.length > 0) {
    const versions = await inTime(state, readVersions(deps.sql, ids));
    for (const { queue, webhookId } of queued) {
      const isOld = queue.some(({ version }) => version !== versions.get(webhookId));
      if (isOld) putBack(state, webhookId);
    }
  }
  state.checkedLooks = looks;
};
