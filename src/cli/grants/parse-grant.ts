import { refusal } from "../failure.ts";
import { type GrantRequest, grantRequest } from "./grant-members.ts";

/** The text before and after the first `separator`; the second is undefined where there is none. */
const cut = (text: string, separator: string): [string, string | undefined] => {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
};

/**
 * Reads a grant in the short form `[deny:]ROLE[:APP[/ENVIRONMENT[/KEYS]]][@KINDS]`, the one that
 * lists print. KEYS and KINDS are lists with commas; `**` as APP or ENVIRONMENT stands for every one.
 * @throws Failure that says which part is wrong
 */
export const parseGrant = (text: string): GrantRequest => {
  const place = `--grant '${text}'`;
  const deny = text.startsWith("deny:");
  const [rest, kinds] = cut(deny ? text.slice("deny:".length) : text, "@");
  const [role, scope] = cut(rest, ":");
  const [app, environment, keys, ...surplus] = scope?.split("/") ?? [];
  if (surplus.length > 0) {
    throw refusal(place, "There is a '/' too many: ROLE:APP/ENVIRONMENT/KEYS is the longest form.");
  }
  return grantRequest({
    place,
    deny,
    role,
    app,
    environment,
    kinds: kinds?.split(","),
    keys: keys?.split(","),
  });
};
