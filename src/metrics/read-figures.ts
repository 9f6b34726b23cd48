import type { Ctx } from "../context.ts";
import type { Figure } from "../platform/metrics.ts";

/** What the process holds and how fresh it is, at this moment. */
export const readFigures = ({ committer, layers }: Ctx): Figure[] => {
  const figures: Figure[] = [
    {
      name: "fairlead_commit_waiting_operations",
      help: "Operations of change sets that wait to be committed",
      value: committer.waitingOperations(),
    },
  ];
  if (layers === undefined) return figures;
  const { bytes, layers: count } = layers.memory.figures();
  return [
    ...figures,
    {
      name: "fairlead_revision",
      help: "Newest revision known",
      value: layers.memory.point().revision,
    },
    {
      name: "fairlead_revision_age_seconds",
      help: "Time since it was known that there is nothing newer",
      value: layers.ageMs() / 1_000,
    },
    { name: "fairlead_layers", help: "Layers in memory", value: count },
    { name: "fairlead_layers_bytes", help: "What they take, about", value: bytes },
  ];
};
