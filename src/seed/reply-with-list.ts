import type { Reply } from "../http/route.ts";

/** Lists of the seed routes are bare, so the next page is told by a header (RFC 8288). */
export const replyWithList = (
  { items, nextCursor }: { readonly items: readonly unknown[]; readonly nextCursor?: string },
  query: Readonly<Record<string, unknown>>,
): Reply => {
  if (nextCursor === undefined) return { body: items };
  const parameters = Object.entries({ ...query, cursor: nextCursor }).filter(
    ([, value]) => value !== undefined && value !== "",
  );
  const next = new URLSearchParams(Object.fromEntries(parameters));
  return { body: items, headers: { link: `<?${next}>; rel="next"` } };
};
