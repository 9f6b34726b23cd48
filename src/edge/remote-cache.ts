import type { DocumentName, HeadsMove, LayerCache } from "../layers/cache/layer-cache.ts";
import type { LayerName } from "../layers/memory/memory-layer.ts";
import { type PartName, type PutPart, readInParts } from "./document-parts.ts";
import type { RemoteAuthority } from "./remote-authority.ts";
import { bytesOf, cutText, maxPartBytes } from "./text-parts.ts";

/** Small documents go together, up to so many bytes of text. */
const batchBytes = 2 * maxPartBytes;

/** An edge as a shared cache of layers, which publishers bring up to date. */
export const createRemoteCache = (remote: RemoteAuthority): LayerCache => ({
  wantsRuns: true,
  async readHeads(layers) {
    const found = await remote.send({ op: "heads", layers: layers.map(plain) });
    if (found === null) return undefined;
    // JSON has no undefined.
    const heads = found.heads.map((head) => head ?? undefined);
    return { ...found, heads, replaced: found.replaced ?? undefined };
  },
  async moveHeads(move) {
    const { moved } = await remote.send({ op: "move", ...toOperation(move) });
    return moved;
  },
  putDocuments: (documents) => putDocuments(remote, documents),
  readDocuments: (names) => readInParts(names, (wanted) => readParts(remote, wanted)),
  async sweepDocuments(epoch, layer, isSurplus) {
    const listed = await remote.send({ op: "list", epoch, layer: plain(layer) });
    const named = listed.map(({ hash, of, parts, revision }) => ({
      name: { epoch, layer, revision, hash },
      isWhole: parts.length === of,
    }));
    const surplus = named.filter(({ name }) => isSurplus(name));
    if (surplus.length > 0) {
      await remote.send({ op: "remove", names: surplus.map(({ name }) => plainName(name)) });
    }
    return named.filter((one) => one.isWhole && !surplus.includes(one)).map(({ name }) => name);
  },
  async removeEpoch(epoch) {
    await remote.send({ op: "removeEpoch", epoch });
  },
  async close() {},
});

const plain = ({ app, environment, kind }: LayerName): LayerName => ({ kind, app, environment });

/** What a caller holds may have members that an edge would refuse. */
const plainName = ({ epoch, hash, layer, revision }: DocumentName): DocumentName => ({
  epoch,
  layer: plain(layer),
  revision,
  hash,
});

const toOperation = ({ from, heads, isWhole, names, run, to }: HeadsMove) => ({
  from: from ?? null,
  to,
  heads: heads.map(([layer, head]) => [plain(layer), head] as [LayerName, typeof head]),
  names: names ?? null,
  isWhole,
  run: run ?? null,
});

const readParts = async (remote: RemoteAuthority, wanted: readonly PartName[]) => {
  const parts = wanted.map(({ name, part }) => ({ name: plainName(name), part }));
  const found = await remote.send({ op: "read", parts });
  return found.map((part) => part ?? undefined);
};

const putDocuments = async (
  remote: RemoteAuthority,
  documents: Parameters<LayerCache["putDocuments"]>[0],
): Promise<void> => {
  let batch: PutPart[] = [];
  let bytes = 0;
  const flush = async (): Promise<void> => {
    if (batch.length > 0) await remote.send({ op: "put", parts: batch });
    batch = [];
    bytes = 0;
  };
  for (const { name, text } of documents) {
    for (const part of await missingParts(remote, plainName(name), text)) {
      const size = bytesOf(part.text);
      if (bytes + size > batchBytes) await flush();
      batch.push(part);
      bytes += size;
    }
  }
  await flush();
};

/** Of a large document only what did not arrive when it was sent before. */
const missingParts = async (
  remote: RemoteAuthority,
  name: DocumentName,
  text: string,
): Promise<PutPart[]> => {
  const texts = cutText(text);
  const of = texts.length;
  const parts = texts.map((one, index) => ({ name, part: index + 1, of, text: one }));
  if (of === 1) return parts;
  const listed = await remote.send({ op: "list", epoch: name.epoch, layer: name.layer });
  const begun = listed.find(
    ({ hash, revision }) => hash === name.hash && revision === name.revision,
  );
  if (begun?.of !== of) return parts;
  return parts.filter(({ part }) => !begun.parts.includes(part));
};
