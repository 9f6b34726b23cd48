import type { MemoryPoint } from "../layers/memory/layer-memory.ts";

/** An event's id: up to where somebody who has it has been told everything. */
export const formatId = ({ epoch, revision }: MemoryPoint): string => `${epoch}-${revision}`;

/** Undefined for what is no event's id. */
export const parseId = (text: string): MemoryPoint | undefined => {
  const [, epoch, revision] = /^([0-9a-f]{16})-(0|[1-9]\d{0,14})$/.exec(text) ?? [];
  return epoch === undefined ? undefined : { epoch, revision: Number(revision) };
};
