import type { Ctx } from "../context.ts";
import { loadOf } from "../platform/guard-sql.ts";
import type { Figure } from "../platform/metrics.ts";

/** What the process holds and how fresh it is, at this moment. */
export const readFigures = ({
  committer,
  layers,
  replicas,
  runtimeStreams,
  sql,
  streams,
}: Ctx): Figure[] => [
  {
    name: "fairlead_commit_waiting_operations",
    help: "Operations of change sets that wait to be committed",
    value: committer.waitingOperations(),
  },
  ...loadFigures(loadOf(sql)),
  ...(layers === undefined ? [] : layerFigures(layers)),
  ...(replicas === undefined ? [] : replicaFigures(replicas)),
  ...(streams === undefined ? [] : streamFigures(streams)),
  ...(runtimeStreams === undefined ? [] : runtimeStreamFigures(runtimeStreams)),
];

const runtimeStreamFigures = (hub: NonNullable<Ctx["runtimeStreams"]>): Figure[] => {
  const { dropped, streams } = hub.figures();
  return [
    { name: "fairlead_runtime_streams", help: "Streams of runtimes", value: streams },
    {
      name: "fairlead_runtime_streams_dropped_total",
      help: "Those whose runtimes took too little",
      value: dropped,
      isCounter: true,
    },
  ];
};

const streamFigures = (hub: NonNullable<Ctx["streams"]>): Figure[] => {
  const { dropped, streams } = hub.figures();
  return [
    { name: "fairlead_streams", help: "Streams that are open", value: streams },
    {
      name: "fairlead_streams_dropped_total",
      help: "Those whose clients took too little",
      value: dropped,
      isCounter: true,
    },
  ];
};

const loadFigures = (load: ReturnType<typeof loadOf>): Figure[] =>
  load === undefined
    ? []
    : [
        {
          name: "fairlead_database_statements",
          help: "Statements and transactions that run or wait for a connection",
          value: load.atOnce,
        },
        {
          name: "fairlead_database_statements_max",
          help: "How many of them there may be before one more is refused",
          value: load.maxAtOnce,
        },
      ];

const layerFigures = (reader: NonNullable<Ctx["layers"]>): Figure[] => {
  const { ageMs, bytes, layers, misses, reads, revision, staleReads } = reader.figures();
  return [
    { name: "fairlead_revision", help: "Newest revision known", value: revision },
    {
      name: "fairlead_revision_age_seconds",
      help: "Time since it was known that there is nothing newer",
      value: ageMs / 1_000,
    },
    { name: "fairlead_layers", help: "Layers in memory", value: layers },
    { name: "fairlead_layers_bytes", help: "What they take, about", value: bytes },
    {
      name: "fairlead_memory_reads_total",
      help: "Reads that memory answered",
      value: reads,
      isCounter: true,
    },
    {
      name: "fairlead_memory_misses_total",
      help: "Those that waited for a layer to be loaded",
      value: misses,
      isCounter: true,
    },
    {
      name: "fairlead_stale_reads_total",
      help: "Those that were older than promised",
      value: staleReads,
      isCounter: true,
    },
  ];
};

const replicaFigures = (replicas: NonNullable<Ctx["replicas"]>): Figure[] => {
  const { fromPrimary, fromReplicas } = replicas.figures();
  const name = "fairlead_past_reads_total";
  const help = "Reads that a replica may answer, by who did";
  return [
    { name, help, value: fromReplicas, labels: { database: "replica" }, isCounter: true },
    { name, help, value: fromPrimary, labels: { database: "primary" }, isCounter: true },
  ];
};
