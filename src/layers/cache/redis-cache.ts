import { randomUUID } from "node:crypto";
import type { LayerName } from "../memory/memory-layer.ts";
import { readParts, splitText } from "./document-parts.ts";
import {
  type CachedHeads,
  type CachedNames,
  type CachePoint,
  type DocumentName,
  type HeadsMove,
  isForward,
  type LayerCache,
  type LayerHead,
  layerIdOf,
} from "./layer-cache.ts";
import type { RedisCommands } from "./redis-commands.ts";

// Both in one slot of a Redis cluster, since a script moves one into the other.
const headsKey = "{fairlead}:heads";
const stagedKey = (id: string): string => `{fairlead}:staged:${id}`;
const epochPrefix = (epoch: string): string => `fairlead:layer:${epoch}:`;
const layerKey = ({ epoch, layer }: Pick<DocumentName, "epoch" | "layer">): string =>
  epochPrefix(epoch) + layerIdOf(layer);

/** What a mover that died leaves behind goes by itself. */
const stagedSeconds = 600;

/**
 * Moves heads if the cache stands where the mover saw it, all in one step: readers see the heads of one
 * moment. KEYS: heads, staged heads. ARGV: the point expected, the new one, whether the other heads are
 * forgotten, then fields and values.
 */
const moveScript = `
local point = redis.call('HGET', KEYS[1], 'point')
if (point or '') ~= ARGV[1] then return 0 end
if ARGV[3] == 'whole' then redis.call('DEL', KEYS[1]) end
local staged = redis.call('HGETALL', KEYS[2])
for i = 1, #staged, 2 do redis.call('HSET', KEYS[1], staged[i], staged[i + 1]) end
redis.call('DEL', KEYS[2])
for i = 4, #ARGV, 2 do redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1]) end
redis.call('HSET', KEYS[1], 'point', ARGV[2])
return 1`;

/**
 * A cache in Redis. Heads are fields of one hash, beside the point at which they stand; the documents of a
 * layer are fields of a hash of their own. No field of heads can be mistaken for a layer's, whose id has
 * slashes.
 */
export const createRedisCache = (redis: RedisCommands): LayerCache => ({
  async readHeads(layers) {
    const fields = ["point", "names", "replaced", ...layers.map(layerIdOf)];
    const [point, names, replaced, ...heads] = await redis.hashGet(headsKey, fields);
    if (typeof point !== "string") return undefined;
    return {
      point: parsePoint(point),
      names: parseOr<CachedNames>(names, { apps: [], environments: [] }),
      replaced: replaced ?? undefined,
      heads: heads.map((head) => parseOr<LayerHead | undefined>(head, undefined)),
    } satisfies CachedHeads;
  },
  async moveHeads(move) {
    if (!isForward(move.from, move.to)) return false;
    const staged = stagedKey(randomUUID());
    const rest = await stageHeads(redis, staged, headFields(move));
    const parameters = [
      move.from === undefined ? "" : formatPoint(move.from),
      formatPoint(move.to),
      move.isWhole ? "whole" : "part",
      ...rest.flat(),
    ];
    return Number(await redis.evaluate(moveScript, [headsKey, staged], parameters)) === 1;
  },
  putDocuments: (documents) => putDocuments(redis, documents),
  readDocuments: (names) =>
    readParts(
      redis,
      names.map((name) => [layerKey(name), fieldOf(name)]),
    ),
  async sweepDocuments(epoch, layer, isSurplus) {
    const key = layerKey({ epoch, layer });
    const fields = await redis.hashKeys(key);
    const names = fields.map((field) => ({ field, name: documentName(epoch, layer, field) }));
    const surplus = names.filter(({ name }) => name !== undefined && isSurplus(name));
    if (surplus.length > 0)
      await redis.hashDelete(
        key,
        surplus.map(({ field }) => field),
      );
    // A document's first part is written last, so what has it is whole.
    const left = names.filter((one) => !surplus.includes(one) && !one.field.includes("/"));
    return left.flatMap(({ name }) => name ?? []);
  },
  removeEpoch: (epoch) => removeEpoch(redis, epoch),
  close: () => redis.close(),
});

const putDocuments = async (
  redis: RedisCommands,
  documents: Parameters<LayerCache["putDocuments"]>[0],
): Promise<void> => {
  for (const { name, text } of documents) {
    for (const part of splitText(fieldOf(name), text, redis.requestLength)) {
      await redis.hashSet(layerKey(name), { [part.field]: part.text });
    }
  }
};

const removeEpoch = async (redis: RedisCommands, epoch: string): Promise<void> => {
  let cursor = "0";
  do {
    const found = await redis.scan(cursor, epochPrefix(epoch));
    if (found.keys.length > 0) await redis.unlink(found.keys);
    cursor = found.cursor;
  } while (cursor !== "0");
};

const formatPoint = ({ epoch, namesVersion, revision }: CachePoint): string =>
  `${epoch} ${revision} ${namesVersion}`;

const parsePoint = (text: string): CachePoint => {
  const [epoch = "", revision, namesVersion] = text.split(" ");
  return { epoch, revision: Number(revision), namesVersion: Number(namesVersion) };
};

const parseOr = <Value>(text: string | null | undefined, otherwise: Value): Value =>
  typeof text === "string" ? (JSON.parse(text) as Value) : otherwise;

const fieldOf = ({ hash, revision }: DocumentName): string => `${revision}-${hash}`;

/** The document that a field holds, or a part of it. */
const documentName = (epoch: string, layer: LayerName, field: string): DocumentName | undefined => {
  const [, revision, hash] = /^(\d+)-([0-9a-f]+)/.exec(field) ?? [];
  if (revision === undefined || hash === undefined) return undefined;
  return { epoch, layer, revision: Number(revision), hash };
};

const headFields = ({ from, heads, names, to }: HeadsMove): [string, string][] => {
  const fields = heads.map(([name, head]): [string, string] => [
    layerIdOf(name),
    JSON.stringify(head),
  ]);
  if (names !== undefined) fields.push(["names", JSON.stringify(names)]);
  if (from !== undefined && from.epoch !== to.epoch) fields.push(["replaced", from.epoch]);
  return fields;
};

/** Sends what is too much for one request ahead, and answers the rest. */
const stageHeads = async (
  redis: RedisCommands,
  staged: string,
  fields: readonly (readonly [string, string])[],
): Promise<readonly (readonly [string, string])[]> => {
  let batch: (readonly [string, string])[] = [];
  let length = 0;
  for (const field of fields) {
    const size = field[0].length + field[1].length;
    if (batch.length > 0 && (length + size > redis.requestLength || batch.length >= 1_000)) {
      await redis.hashSet(staged, Object.fromEntries(batch));
      await redis.expire(staged, stagedSeconds);
      batch = [];
      length = 0;
    }
    batch.push(field);
    length += size;
  }
  return batch;
};
