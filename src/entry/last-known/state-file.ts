import type { AccessPoint } from "../../access/store/read-access.ts";
import type { MemoryPoint } from "../../layers/memory/layer-memory.ts";
import type { LayerName } from "../../layers/memory/memory-layer.ts";

/**
 * What changes all the time: which layers were used last, the last one first, and until when what is in
 * the other files was known to be current.
 */
export interface StateFile {
  readonly used: readonly LayerName[];
  readonly layers: MemoryPoint & { readonly confirmedAtMs: number };
  readonly access: AccessPoint & { readonly confirmedAtMs: number };
}

/** Of another format nothing is read. */
const format = 1;

type Head = Omit<StateFile, "used"> & { readonly format: number };

export function* stateLines({ access, layers, used }: StateFile): Generator<Head | LayerName> {
  yield { format, layers, access };
  yield* used;
}

/** Undefined where it is of another format. */
export const parseStateLines = (lines: readonly unknown[]): StateFile | undefined => {
  const [first, ...used] = lines as [Head, ...LayerName[]];
  if (first?.format !== format) return undefined;
  return { access: first.access, layers: first.layers, used };
};
