/** A grant as an answer or a request carries it; an absent member stands for every one. */
interface Grant {
  readonly role: string;
  readonly effect?: string | null | undefined;
  readonly app?: string | null | undefined;
  readonly environment?: string | null | undefined;
  readonly kinds?: readonly string[] | null | undefined;
  readonly keys?: readonly string[] | null | undefined;
}

/** What stands for "every one, those without a name too"; the pattern `*` only takes named ones. */
export const everyone = "**";

const placeOf = ({ app, environment, keys }: Grant): string => {
  const parts = [app ?? everyone, environment ?? everyone, keys?.join(",") ?? everyone];
  while (parts.at(-1) === everyone) parts.pop();
  return parts.length === 0 ? "" : `:${parts.join("/")}`;
};

/** A grant in the form that `parseGrant` reads: `editor:payments/production/db.*`. */
export const formatGrant = (grant: Grant): string => {
  const { effect, role, kinds } = grant;
  const kindPart = kinds == null ? "" : `@${kinds.join(",")}`;
  return `${effect === "deny" ? "deny:" : ""}${role}${placeOf(grant)}${kindPart}`;
};
