import type { LayerEntry } from "../../src/layers/resolve.ts";
import { resolveLayers, scopesOf } from "../../src/layers/resolve.ts";
import type { Json } from "../../src/platform/json.ts";
import { timeInterleaved } from "../measure/interleave.ts";
import { median } from "../measure/statistics.ts";
import { formatCount, formatNumber, type Report } from "../report.ts";

const keyCounts = [10, 1_000, 50_000];
const rounds = 9;

/**
 * Which of the four layers, weakest first, hold a key, by its last digit: half the keys are global alone, two tenths the
 * app's alone, and three tenths are overridden once, twice or three times. That is 16 entries for ten keys.
 */
const holders: readonly (readonly number[])[] = [
  [0],
  [0],
  [0],
  [0],
  [0],
  [2],
  [2],
  [0, 1],
  [0, 2, 3],
  [0, 1, 2, 3],
];

/** Objects with members of their own and shared ones, so that a deep merge has something to do. */
const objectOf = (layer: number): Json => ({
  shared: layer,
  [`own${layer}`]: true,
  nested: { layer },
});

/** The four layers of (app, environment). With `deep`, the keys that all four layers hold are merged objects. */
function makeLayers(keys: number, deep: boolean): LayerEntry[][] {
  return scopesOf("payments", "production").map(([app, environment], layer) =>
    Array.from({ length: keys }, (_, key) => key)
      .filter((key) => holders[key % holders.length]?.includes(layer))
      .map((key) => {
        const isDeep = deep && key % holders.length === 9;
        return {
          id: `${layer}-${key}`,
          app,
          environment,
          key: `service.setting.${key}`,
          version: 1,
          revision: 1,
          value: isDeep ? objectOf(layer) : `value ${layer} ${key}`,
          schema: undefined,
          description: undefined,
          merge: isDeep ? "deep" : "replace",
        };
      }),
  );
}

/** What resolution cannot beat: the last value of each key, with no provenance and no merge rules. */
function ceilings(layers: readonly (readonly LayerEntry[])[]) {
  const maps = layers.map((layer) => new Map(layer.map((entry) => [entry.key, entry.value])));
  const objects = layers.map((layer) =>
    Object.fromEntries(layer.map((entry) => [entry.key, entry.value])),
  );
  const [global, ofEnvironment, ofApp, ofBoth] = objects;
  return {
    "four Maps into one": () => {
      const merged = new Map<string, Json>();
      for (const map of maps) for (const [key, value] of map) merged.set(key, value);
      return merged.size;
    },
    "four objects spread into one": () => {
      const merged = { ...global, ...ofEnvironment, ...ofApp, ...ofBoth };
      return Object.hasOwn(merged, "service.setting.0") ? 1 : 0;
    },
  };
}

interface Row {
  readonly cells: readonly string[];
  readonly ratio: readonly [string, number];
}

function measure(keys: number, deep: boolean): Row[] {
  const layers = makeLayers(keys, deep);
  const resolveAll = () => resolveLayers(layers).size;
  if (resolveAll() !== keys) throw new Error(`${keys} keys expected`);
  const calls = { resolveLayers: resolveAll, ...ceilings(layers) };
  const timesNs = timeInterleaved(calls, rounds);
  const ours = timesNs.get("resolveLayers") ?? [];
  return [...timesNs].map(([name, times]) => {
    const ratio = median(times.map((time, round) => time / (ours[round] ?? Number.NaN)));
    return {
      cells: [
        name,
        formatCount(keys),
        deep ? "a tenth deep" : "replace",
        formatNumber(median(times) / keys),
        formatNumber(median(times) / 1_000),
        name === "resolveLayers" ? "" : formatNumber(ratio),
      ],
      ratio: [`resolve/${deep ? "deep" : "replace"}/${keys}/${name}`, ratio],
    };
  });
}

/** Resolution of an (app, environment) in process, beside what a bare merge of the same layers takes. */
export async function resolve(): Promise<Report> {
  const rows = [false, true].flatMap((deep) => keyCounts.flatMap((keys) => measure(keys, deep)));
  return {
    tables: [
      {
        caption:
          "Resolution of an (app, environment), in process; 16 entries in four layers for ten keys",
        columns: ["what", "keys", "merge", "ns per key", "µs in all", "speed against it"],
        rows: rows.map((row) => row.cells),
      },
    ],
    ratios: Object.fromEntries(
      rows.map((row) => row.ratio).filter(([name]) => !name.endsWith("/resolveLayers")),
    ),
    versions: {},
  };
}
