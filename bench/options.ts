import { availableParallelism, tmpdir } from "node:os";
import { parseArgs } from "node:util";

export const systemIds = ["fairlead", "etcd-gateway", "etcd-grpc", "etcd-grpc-shared"] as const;
export type SystemId = (typeof systemIds)[number];

export interface Options {
  readonly scenarios: readonly string[];
  readonly clients: readonly number[];
  readonly rounds: number;
  readonly streams: readonly number[];
  readonly seconds: number;
  readonly systems: readonly SystemId[];
  /** Parent of the temporary data directories. */
  readonly data: string;
  /** The server's entry, from the working directory. */
  readonly entry: string;
  /** Cores for servers and for the generator, as taskset writes them; undefined: not pinned. */
  readonly cores: { readonly servers: string; readonly generator: string } | undefined;
  readonly save: boolean;
  readonly help: boolean;
}

export const optionsHelp = `Options:
  --clients 1,8,32   numbers of concurrent clients (writes, reads, generator)
  --streams 1000,5000,10000   numbers of event streams (streams), rising
  --rounds 3         interleaved rounds of each system
  --seconds 3        length of one system's turn in a round
  --systems LIST     of ${systemIds.join(", ")} (writes); all
  --data DIR         where the temporary data directories go; the system's
  --entry FILE       the server's entry; src/entry/node.ts
  --pin              servers on all cores but the last, the load generator on the last
  --save             write the ratios to bench/baseline.json
  --help             this text

DATABASE_URL, if set, is the database that Fairlead is given; without it, it starts its own.`;

function positive(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value <= 0)
    throw new Error(`--${name}: "${text}" is not positive`);
  return value;
}

function parseSystems(text: string): SystemId[] {
  const names = new Set(text.split(","));
  const chosen = systemIds.filter((id) => names.delete(id));
  if (names.size > 0) throw new Error(`--systems: there is no "${[...names].join('", "')}"`);
  return chosen;
}

function pinnedCores() {
  const last = availableParallelism() - 1;
  if (last === 0) throw new Error("--pin needs two cores");
  return { servers: last === 1 ? "0" : `0-${last - 1}`, generator: String(last) };
}

/** Throws an error with a message for the user. */
export function parseOptions(args: readonly string[]): Options {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      clients: { type: "string", default: "1,8,32" },
      rounds: { type: "string", default: "3" },
      streams: { type: "string", default: "1000,5000,10000" },
      seconds: { type: "string", default: "3" },
      systems: { type: "string", default: systemIds.join(",") },
      data: { type: "string", default: tmpdir() },
      entry: { type: "string", default: "src/entry/node.ts" },
      pin: { type: "boolean", default: false },
      save: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  return {
    scenarios: positionals,
    clients: values.clients.split(",").map((text) => Math.ceil(positive("clients", text))),
    rounds: Math.ceil(positive("rounds", values.rounds)),
    streams: values.streams.split(",").map((text) => Math.ceil(positive("streams", text))),
    seconds: positive("seconds", values.seconds),
    systems: parseSystems(values.systems),
    data: values.data,
    entry: values.entry,
    cores: values.pin ? pinnedCores() : undefined,
    save: values.save,
    help: values.help,
  };
}
