import type { HoldPoint } from "./worker.ts";

/** What a worker writes when it stands still. */
export const holding = (point: HoldPoint): string => `holding: ${point}`;
