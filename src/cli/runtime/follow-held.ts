import { followEvents } from "../events/follow-events.ts";
import type { ServerEvent } from "../events/parse-events.ts";
import { jobSpecEventShape } from "./runtime-shapes.ts";
import type { Runtime } from "./runtime-state.ts";
import { pause } from "./waker.ts";

/** Without the stream, the heartbeats tell as much, only later. */
const tryAgainMs = 10_000;

/** Hears at once of what changes of what is held. */
export const followHeld = async (runtime: Runtime): Promise<void> => {
  const { id, session, stopping } = runtime;
  const path = `v1/runtimes/${encodeURIComponent(id)}/stream`;
  while (!stopping.aborted) {
    try {
      const events = followEvents(session, { path, query: {}, onLost: () => {}, signal: stopping });
      for await (const event of events) hear(runtime, event);
    } catch (error) {
      if (stopping.aborted) return;
      const reason = error instanceof Error ? error.message : String(error);
      runtime.remark(`There is no stream of what changes: ${reason}`);
      await pause(tryAgainMs, stopping);
    }
  }
};

const hear = (runtime: Runtime, { data = "", event }: ServerEvent): void => {
  if (event === "reset") readList(runtime);
  if (event !== "jobspec") return;
  const { data: told } = jobSpecEventShape.safeParse(parsed(data));
  if (told === undefined) return;
  const { change, fence, jobSpecId, version } = told.data;
  const { held } = runtime;
  const known = held.get(jobSpecId)?.leased;
  if (change === "failed") {
    const name = told.data.attestation;
    runtime.remark(`The newest definitions of ${name} cannot be rendered: v${version} counts.`);
  } else if (known !== undefined && isNews(change, known, { fence, version })) {
    if (change === "removed") held.drop(jobSpecId, "it was removed");
    else if (change === "taken" && fence > known.fence) held.drop(jobSpecId, "it was taken");
    readList(runtime);
  }
};

interface Named {
  readonly version: number;
  readonly fence: number;
}

/** What was just claimed is told of, too. */
const isNews = (change: string, known: Named, { fence, version }: Named): boolean =>
  change === "removed" ||
  (fence >= known.fence && !(change === "changed" && version <= known.version));

const readList = (runtime: Runtime): void => {
  runtime.wantsList = true;
  runtime.beats.wake();
};

const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};
