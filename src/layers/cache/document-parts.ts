import type { RedisCommands } from "./redis-commands.ts";

interface Part {
  readonly field: string;
  readonly text: string;
}

/** No document begins with this: they are JSON. What follows is the number of parts. */
const mark = "+";

/** Cuts a document that is too large for one request; the first part tells how many there are. */
export const splitText = (field: string, text: string, length: number): Part[] => {
  if (text.length <= length) return [{ field, text }];
  const parts: Part[] = [];
  for (let start = 0; start < text.length; ) {
    const end = cutBefore(text, start + length);
    parts.push({ field: `${field}/${parts.length + 1}`, text: text.slice(start, end) });
    start = end;
  }
  // The first comes last, so that a document is not found before it is whole.
  return [...parts, { field, text: `${mark}${parts.length}` }];
};

/** Not between the halves of a surrogate pair, which would each become a replacement character. */
const cutBefore = (text: string, end: number): number => {
  const unit = text.charCodeAt(end - 1);
  return unit >= 0xd800 && unit <= 0xdbff ? end - 1 : end;
};

/** Parts are as large as one request may be; so many at once are still a bearable answer. */
const partsAtOnce = 4;

/** Reads documents by (key, field), in the order asked for; undefined where one is missing or in part. */
export const readParts = async (
  redis: RedisCommands,
  wanted: readonly (readonly [key: string, field: string])[],
): Promise<readonly (string | undefined)[]> => {
  const found = new Map<string, string | null>();
  for (const [key, group] of Map.groupBy(wanted, ([name]) => name)) {
    const fields = group.map(([, field]) => field);
    const texts = await redis.hashGet(key, fields);
    for (const [index, field] of fields.entries())
      found.set(`${key} ${field}`, texts[index] ?? null);
  }
  const texts: (string | undefined)[] = [];
  for (const [key, field] of wanted) {
    const text = found.get(`${key} ${field}`) ?? undefined;
    const count = text?.startsWith(mark) ? Number(text.slice(mark.length)) : 0;
    texts.push(count === 0 ? text : await joinParts(redis, key, field, count));
  }
  return texts;
};

const joinParts = async (
  redis: RedisCommands,
  key: string,
  field: string,
  count: number,
): Promise<string | undefined> => {
  const fields = Array.from({ length: count }, (_, index) => `${field}/${index + 1}`);
  const texts: string[] = [];
  for (let start = 0; start < count; start += partsAtOnce) {
    for (const text of await redis.hashGet(key, fields.slice(start, start + partsAtOnce))) {
      if (text === null) return undefined;
      texts.push(text);
    }
  }
  return texts.join("");
};
