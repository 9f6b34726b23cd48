import {
  type EntryName,
  type NamedEntry,
  readNamedEntries,
} from "../../layers/read-named-entries.ts";
import type { Point } from "../../outbox/consumer.ts";
import type { Tx } from "../../platform/sql.ts";
import { type PreparedAttestation, prepareAttestation, type Sources } from "../render.ts";
import { addConfigNames, resolveConfig } from "./batch-config.ts";
import { takeTurns } from "./take-turns.ts";

/** What is known of an attestation's job spec. */
export interface StoredSpec {
  readonly attestation: string;
  readonly id: string;
  /** 0: it could never be rendered. */
  readonly version: number;
  readonly hash: string | null;
  readonly error: string | null;
  readonly errorPath: string | null;
  readonly labels: Readonly<Record<string, string>> | null;
  readonly intervalSeconds: number | null;
}

/** Some attestations with all that they are rendered from, of one snapshot. */
export interface Batch {
  readonly names: readonly string[];
  readonly point: Point;
  readonly stored: ReadonlyMap<string, StoredSpec>;
  /** Those that there are. */
  readonly attestations: ReadonlyMap<string, PreparedAttestation>;
  /** What they name; of a batch that is too large only the names. */
  readonly named: readonly EntryName[];
  /** Undefined: it is more than is held at once. */
  readonly sourcesOf: ((attestation: PreparedAttestation) => Sources) | undefined;
}

/** What one job spec may be made from, of definitions and of configuration each, as JSON. */
export const maxSourceBytes = 32 * 1024 * 1024;
/** The same of many at once: to read and compile this takes a moment in which nothing else runs. */
const maxBatchBytes = 16 * 1024 * 1024;
const maxDefinitions = 50_000;
/** The same of entries in which configuration is looked up; one attestation alone stays below it. */
const maxConfigNames = 20_000;

const globalName = (kind: string, key: string): EntryName => ({
  kind,
  key,
  app: "",
  environment: "",
});

const idOf = ({ app, environment, key, kind }: EntryName): string =>
  `${kind}/${app}/${environment}/${key}`;

/** Reads a batch in six statements, whatever its size. */
export const readBatch = async (tx: Tx, names: readonly string[]): Promise<Batch> => {
  const point = await readPoint(tx);
  const stored = new Map((await storedSpecs(tx, names)).map((spec) => [spec.attestation, spec]));
  const wanted = names.map((key) => globalName("attestation", key));
  const maxBytes = names.length > 1 ? maxBatchBytes : maxSourceBytes;
  const entries = await readNamedEntries(tx, wanted, maxBytes);
  const { attestations, configNames } = await prepareAll(entries ?? []);
  const named = (await namedBy(tx, names)).map(({ key, kind }) => globalName(kind, key));
  const isHeld =
    entries !== undefined && named.length <= maxDefinitions && configNames.length <= maxConfigNames;
  const sourcesOf = isHeld ? await readSources(tx, named, configNames, maxBytes) : undefined;
  return { names, point, stored, attestations, named, sourcesOf };
};

/** Compiles templates one after another, and no more of them once they look up too much. */
const prepareAll = async (entries: readonly NamedEntry[]) => {
  const attestations = new Map<string, PreparedAttestation>();
  const names = new Map<string, EntryName>();
  const rested = takeTurns();
  for (const { key, value } of entries) {
    if (names.size > maxConfigNames) break;
    const attestation = prepareAttestation(key, value);
    attestations.set(key, attestation);
    addConfigNames(names, attestation);
    await rested();
  }
  return { attestations, configNames: [...names.values()] };
};

const readSources = async (
  tx: Tx,
  named: readonly EntryName[],
  configNames: readonly EntryName[],
  maxBytes: number,
): Promise<Batch["sourcesOf"]> => {
  const definitions = await readNamedEntries(tx, named, maxBytes);
  if (definitions === undefined) return undefined;
  const config = await readNamedEntries(tx, configNames, maxBytes);
  if (config === undefined) return undefined;
  const found = new Map<string, NamedEntry>();
  for (const entry of [...definitions, ...config]) found.set(idOf(entry), entry);
  const resolve = resolveConfig((name) => found.get(idOf(name)));
  return ({ value: { app = "", environment = "" } }) => ({
    definition: (kind, key) => found.get(idOf(globalName(kind, key)))?.value,
    config: (key) => resolve(app, environment, key),
  });
};

const readPoint = async (tx: Tx): Promise<Point> => {
  const [point] = await tx<Point[]>`select epoch, revision from fairlead.deployment`;
  if (point === undefined) throw new Error("fairlead.deployment has no row");
  return point;
};

const storedSpecs = (tx: Tx, names: readonly string[]) => tx<StoredSpec[]>`
  select
    s.attestation, s.id, s.version, s.hash, s.error, s.error_path as "errorPath", l.labels,
    l.interval_seconds as "intervalSeconds"
  from fairlead.job_specs s
  left join fairlead.job_spec_leases l on l.job_spec_id = s.id
  where s.attestation in (
    select json_array_elements_text(${JSON.stringify(names)}::text::json)
  )`;

/** What attestations name, and what the components among that name. */
const namedBy = (tx: Tx, names: readonly string[]) => tx<{ kind: string; key: string }[]>`
  with named as materialized (
    select r.target_kind as kind, r.target_key as key
    from fairlead.entry_references r
    where r.kind = 'attestation' and r.key in (
      select json_array_elements_text(${JSON.stringify(names)}::text::json)
    )
  )
  select kind, key from named
  union
  select r.target_kind, r.target_key
  from (select distinct key from named where kind = 'component') c
  join fairlead.entry_references r on r.kind = 'component' and r.key = c.key
  order by kind, key
  limit ${maxDefinitions + 1}`;
