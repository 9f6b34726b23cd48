/** Job specs and their leases as the documentation tells them, without SQL, clocks or indexes. */
interface ModelSpec {
  readonly id: string;
  readonly repeats: boolean;
  version: number;
  /** Since when it waits, as a count of what has happened; undefined: nothing is to be run now. */
  dueSince: number | undefined;
  /** It is to be run again some time. */
  isLater: boolean;
  runtime: string | undefined;
  hasExpired: boolean;
  fence: number;
  runs: number;
}

export interface LeaseModel {
  readonly specs: ModelSpec[];
  /** Ids with version and fence, in the order in which they are given out. */
  claim(runtime: string, limit: number): unknown[];
  held(runtime: string): unknown[];
  release(runtime: string, spec: ModelSpec): boolean;
  /** The run's number, or what of the result is stale. */
  report(runtime: string, spec: ModelSpec, version: number, fence: number): number | string[];
  expire(spec: ModelSpec): void;
  makeDue(spec: ModelSpec): void;
  render(spec: ModelSpec): void;
  forget(runtime: string): void;
}

export const createLeaseModel = (
  ids: readonly string[],
  repeats: (index: number) => boolean,
  most: number,
): LeaseModel => {
  let events = 0;
  const happened = (): number => {
    events += 1;
    return events;
  };
  const specs = ids.map(
    (id, index): ModelSpec => ({
      id,
      repeats: repeats(index),
      version: 1,
      dueSince: happened(),
      isLater: false,
      runtime: undefined,
      hasExpired: false,
      fence: 0,
      runs: 0,
    }),
  );
  const heldBy = (runtime: string): ModelSpec[] =>
    specs.filter((spec) => spec.runtime === runtime && !spec.hasExpired);
  const shown = (some: readonly ModelSpec[]): unknown[] =>
    some.map(({ fence, id, version }) => ({ id, version, fence }));
  const free = (spec: ModelSpec): void => {
    spec.runtime = undefined;
    spec.hasExpired = false;
  };
  return {
    specs,
    claim: (runtime, limit) => {
      const taken = specs
        .filter(({ dueSince }) => dueSince !== undefined)
        .filter((spec) => spec.runtime === undefined || spec.hasExpired)
        .toSorted((a, b) => a.dueSince! - b.dueSince!)
        .slice(0, Math.min(limit, most - heldBy(runtime).length));
      for (const spec of taken) {
        Object.assign(spec, { runtime, hasExpired: false, fence: spec.fence + 1 });
      }
      return shown(taken);
    },
    held: (runtime) => shown(heldBy(runtime)),
    release: (runtime, spec) => {
      if (spec.runtime !== runtime) return false;
      free(spec);
      return true;
    },
    report: (runtime, spec, version, fence) => {
      const stale = [
        ...(spec.runtime === runtime ? [] : ["lease"]),
        ...(spec.fence === fence ? [] : ["fence"]),
        ...(spec.version === version ? [] : ["version"]),
      ];
      if (stale.length > 0) return stale;
      if (spec.dueSince === undefined) return ["run"];
      Object.assign(spec, { dueSince: undefined, isLater: spec.repeats, runs: spec.runs + 1 });
      return spec.runs;
    },
    expire: (spec) => {
      spec.hasExpired = spec.runtime !== undefined;
    },
    makeDue: (spec) => {
      if (spec.dueSince !== undefined || spec.isLater) spec.dueSince = happened();
    },
    render: (spec) => {
      Object.assign(spec, { version: spec.version + 1, dueSince: happened(), isLater: false });
    },
    forget: (runtime) => {
      for (const spec of specs) if (spec.runtime === runtime) free(spec);
    },
  };
};
