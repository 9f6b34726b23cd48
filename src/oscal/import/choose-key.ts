const longestSlug = 100;

const slugOf = (title: string): string =>
  title
    .normalize("NFKD")
    .toLowerCase()
    .replaceAll(/[^a-z0-9._]+/g, "-")
    .replaceAll(/^[-._]+|[-._]+$/g, "")
    .slice(0, longestSlug)
    .replace(/[-._]+$/, "");

/** A readable key that is not taken: made of the title, with a number where others have the same. */
export const chooseKey = (
  prefix: string,
  title: string,
  fallback: string,
  isTaken: (key: string) => boolean,
): string => {
  const base = prefix + (slugOf(title) || fallback);
  let key = base;
  for (let number = 2; isTaken(key); number += 1) key = `${base}-${number}`;
  return key;
};
