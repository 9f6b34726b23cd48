/** What the server answers about edges, as far as the command line reads it. */
import { z } from "zod";

const edgeShape = z.looseObject({
  edge: z.string(),
  isReachable: z.boolean(),
  problem: z.string().nullish(),
  epoch: z.string().nullish(),
  revision: z.number().nullish(),
  lagRevisions: z.number().nullish(),
  accessVersion: z.number().nullish(),
  isAccessCurrent: z.boolean(),
  isFilling: z.boolean(),
  documents: z.number(),
  bytes: z.number(),
  failures: z.number(),
  lastError: z.string().nullish(),
});

export const edgesShape = z.looseObject({
  epoch: z.string(),
  revision: z.number(),
  accessVersion: z.number(),
  layers: z.number(),
  items: z.array(edgeShape),
});

export const refillShape = z.looseObject({ edge: z.string() });

export type Edge = z.infer<typeof edgeShape>;
export type Edges = z.infer<typeof edgesShape>;
