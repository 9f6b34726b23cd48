import type { RenderedSpec } from "./render-batch.ts";

export const isGone = ({ change }: RenderedSpec): boolean => change.to === "gone";

/** What is written as a row of its own, new or in place of the version before. */
export const isRow = ({ change, stored }: RenderedSpec): boolean =>
  change.to === "version" || (change.to === "failed" && stored === undefined);

/** It fails for another reason or at another place, or does so for the first time or no more. */
export const isOtherError = ({ change, stored }: RenderedSpec): boolean => {
  const error = change.to === "failed" ? change.error : undefined;
  return (
    (stored?.error ?? null) !== (error?.message ?? null) ||
    (stored?.errorPath ?? null) !== (error?.path ?? null)
  );
};

export const isRelabelled = ({ change, intervalSeconds, labels, stored }: RenderedSpec): boolean =>
  (change.to === "same" || change.to === "failed") &&
  stored?.labels != null &&
  (stored.intervalSeconds !== intervalSeconds || !isSameLabels(stored.labels, labels));

const isSameLabels = (
  some: Readonly<Record<string, string>>,
  others: Readonly<Record<string, string>>,
): boolean =>
  Object.keys(some).length === Object.keys(others).length &&
  Object.entries(some).every(
    ([name, value]) => Object.hasOwn(others, name) && others[name] === value,
  );

/** Whether somebody who holds it is told, or its lease becomes another. */
export const concernsLease = (spec: RenderedSpec): boolean =>
  spec.stored !== undefined &&
  spec.stored.version > 0 &&
  (spec.change.to === "version" || isGone(spec) || isOtherError(spec) || isRelabelled(spec));
