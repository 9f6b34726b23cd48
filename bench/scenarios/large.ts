import type { Bench } from "../bench.ts";
import { appName, environment, etcdKey, keyName } from "../load/workload.ts";
import { median } from "../measure/statistics.ts";
import type { Etcd } from "../peers/etcd.ts";
import type { Fairlead } from "../peers/fairlead.ts";
import { formatCount, formatNumber, formatSpread, type Report } from "../report.ts";

const operations = 10_000;
const repetitions = 5;
const phases = ["create", "update"] as const;
type Phase = (typeof phases)[number];

/** 100 bytes: 10,000 values of 1 KB would be over the default limit of a body, and no import looks like that. */
const valueOf = (key: number, phase: Phase): string => `${phase} ${key} `.padEnd(100, "abcdefghij");

interface Contender {
  readonly id: string;
  readonly name: string;
  /** Writes the 10,000 keys of app number `app`; resolves to milliseconds. */
  readonly write: (app: number, phase: Phase) => Promise<number>;
}

const keys = Array.from({ length: operations }, (_, key) => key);

function fairleadContender(fairlead: Fairlead, run: string): Contender {
  return {
    id: "fairlead",
    name: "Fairlead, one change set",
    write: (app, phase) =>
      fairlead.putAll(
        keys.map((key) => ({
          app: appName(run, "create", app),
          environment,
          key: keyName(key),
          value: valueOf(key, phase),
        })),
      ),
  };
}

function etcdContender(etcd: Etcd, run: string, concurrency: number): Contender {
  return {
    id: `etcd-txn-${concurrency}`,
    name: `etcd, transactions of 128 puts, ${concurrency === 1 ? "one after another" : `${concurrency} at a time`}`,
    async write(app, phase) {
      const entries = keys.map((key) => ({
        key: etcdKey(`${run}-${concurrency}`, "create", { app, key }),
        value: valueOf(key, phase),
      }));
      return etcd.putAll(entries, concurrency);
    },
  };
}

/** One change set of 10,000 operations on new keys, then one on the same keys, beside etcd's nearest equal. */
export async function large(bench: Bench): Promise<Report> {
  const run = Date.now().toString(36);
  const [fairlead, etcd] = [await bench.startFairlead(), await bench.startEtcd()];
  const contenders = [
    fairleadContender(fairlead, run),
    etcdContender(etcd, run, 1),
    etcdContender(etcd, run, 8),
  ];
  for (const { write } of contenders) await write(0, "create"); // warm-up
  const timesMs = new Map<string, number[]>();
  for (let app = 1; app <= repetitions; app++) {
    for (const phase of phases) {
      for (const { id, write } of contenders) {
        const times = timesMs.get(`${phase}/${id}`) ?? [];
        timesMs.set(`${phase}/${id}`, [...times, await write(app, phase)]);
      }
    }
  }
  return {
    ...report(contenders, timesMs),
    versions: { PostgreSQL: fairlead.postgresVersion, etcd: etcd.version },
  };
}

function report(contenders: readonly Contender[], timesMs: ReadonlyMap<string, readonly number[]>) {
  const ratios: Record<string, number> = {};
  const rows = phases.flatMap((phase) => {
    const ours = timesMs.get(`${phase}/fairlead`) ?? [];
    return contenders.map(({ id, name }) => {
      const times = timesMs.get(`${phase}/${id}`) ?? [];
      const ratio = median(times.map((time, index) => time / (ours[index] ?? Number.NaN)));
      if (id !== "fairlead") ratios[`large/${phase}/${id}`] = ratio;
      return [
        name,
        phase === "create" ? "new" : "existing",
        formatSpread(times),
        formatCount((operations / median(times)) * 1_000),
        id === "fairlead" ? "" : formatNumber(ratio),
      ];
    });
  });
  const table = {
    caption: `${formatCount(operations)} operations with values of 100 bytes, ${repetitions} times`,
    columns: ["system", "keys", "ms: min / median / max", "operations/s", "Fairlead ÷ it"],
    rows,
  };
  return { tables: [table], ratios };
}
