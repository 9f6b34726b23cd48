/** What a runtime holds of one spec, as far as it is told when it changes. */
export interface HeldSpec {
  readonly id: string;
  readonly attestation: string;
  readonly version: number;
  readonly fence: number;
  /** Why its newest definitions cannot be rendered. */
  readonly error: string | null;
  readonly errorPath: string | null;
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
    else if (isChanged || isRendered(known, spec)) changes.push({ change: "changed", spec });
    if (isOtherFailure(known, spec)) changes.push({ change: "failed", spec });
  }
  return { changes, gone: [...told.values()].filter(({ id }) => !held.has(id)) };
};

/** Its newest definitions can be rendered again, and make what they made before they could not. */
const isRendered = (known: HeldSpec | undefined, { error }: HeldSpec): boolean =>
  known !== undefined && known.error !== null && error === null;

const isOtherFailure = (known: HeldSpec | undefined, { error, errorPath }: HeldSpec): boolean =>
  error !== null && (known?.error !== error || known.errorPath !== errorPath);
