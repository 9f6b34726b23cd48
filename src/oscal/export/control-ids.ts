import { tokenPattern } from "../shapes/common.ts";

/** What OSCAL calls the control of a key: the key without the prefix, as a token. */
export const controlIdOf = (key: string, prefix: string): string => {
  const id = key.startsWith(prefix) ? key.slice(prefix.length) : key;
  if (tokenPattern.test(id)) return id;
  return `_${id.replaceAll(":", "_")}`;
};
