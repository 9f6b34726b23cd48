/** What a runtime holds of one spec, as far as it is told when it changes. */
export interface HeldSpec {
  readonly id: string;
  readonly attestation: string;
  readonly version: number;
  readonly fence: number;
  /** Why its newest definitions cannot be rendered. */
  readonly error: string | null;
  /** Whether its version is so new that a claim may have been answered with the one before. */
  readonly isNew: boolean;
}

export type Held = ReadonlyMap<string, HeldSpec>;

export interface JobSpecChange {
  readonly change: "changed" | "removed" | "taken" | "failed";
  readonly spec: Pick<HeldSpec, "attestation" | "fence" | "id" | "version">;
}

interface Comparison {
  readonly changes: readonly JobSpecChange[];
  /** What is held no more: taken, or removed. */
  readonly gone: readonly HeldSpec[];
}

/** What somebody who was told of `told` does not know of `held`. */
export const compareHeld = (told: Held, held: Held): Comparison => {
  const changes: JobSpecChange[] = [];
  for (const spec of held.values()) {
    const known = told.get(spec.id);
    const isTaken = known !== undefined && known.fence !== spec.fence;
    const isChanged = known === undefined ? spec.isNew : known.version !== spec.version;
    if (isTaken) changes.push({ change: "taken", spec });
    else if (isChanged) changes.push({ change: "changed", spec });
    if (spec.error !== null && known?.error !== spec.error) {
      changes.push({ change: "failed", spec });
    }
  }
  return { changes, gone: [...told.values()].filter(({ id }) => !held.has(id)) };
};
