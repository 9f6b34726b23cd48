import { withoutKeys } from "./api-key.ts";
import { refusal } from "./failure.ts";

/** Refuses what no key's id looks like before it becomes part of a path, a whole key above all. */
export const checkedKeyId = (id: string): string => {
  if (id.startsWith("fl_")) {
    const [, publicId] = /^fl_([A-Za-z0-9]{16})_…$/.exec(withoutKeys(id)) ?? [];
    const which = publicId === undefined ? "`fairlead keys list` shows it" : `it is ${publicId}`;
    throw refusal("id", `This is a key. Give its id in place of the secret: ${which}.`);
  }
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(id)) {
    throw refusal("id", "A key's id has letters and digits; `fairlead keys list` shows it.");
  }
  return id;
};
