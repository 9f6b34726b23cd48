/** Names and addresses: hosts (RFC 1123), IP (RFC 2673, 4291), mail (RFC 5321), URIs (RFC 3986). */

export const isIpv4 = (text: string): boolean => {
  const parts = text.split(".", 5);
  return (
    parts.length === 4 &&
    parts.every((part) => /^(?:0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)
  );
};

const isGroups = (text: string): boolean =>
  text.split(":").every((group) => /^[0-9A-Fa-f]{1,4}$/.test(group));

const MAX_IPV6_LENGTH = 45;

export const isIpv6 = (text: string): boolean => {
  if (text.length > MAX_IPV6_LENGTH) return false;
  const lastColon = text.lastIndexOf(":");
  const tail = text.slice(lastColon + 1);
  if (tail.includes(".")) {
    return isIpv4(tail) && lastColon !== -1 && isIpv6(`${text.slice(0, lastColon + 1)}0:0`);
  }
  const halves = text.split("::");
  if (halves.length === 1) return isGroups(text) && text.split(":").length === 8;
  if (halves.length > 2) return false;
  const filled = halves.filter((half) => half !== "");
  const groups = filled.flatMap((half) => half.split(":"));
  return groups.length <= 7 && filled.every(isGroups);
};

const MAX_HOSTNAME_LENGTH = 253;

/** ASCII only; whether an `xn--` label is well-formed Punycode is not looked at. */
export const isHostname = (text: string): boolean =>
  text.length <= MAX_HOSTNAME_LENGTH &&
  text.split(".").every((label) => /^[A-Za-z0-9](?:[-A-Za-z0-9]{0,61}[A-Za-z0-9])?$/.test(label));

const MAX_EMAIL_LENGTH = 320;
const dotString = /^[-\w!#$%&'*+/=?^`{|}~]+(?:\.[-\w!#$%&'*+/=?^`{|}~]+)*$/;
const quotedString = /^"(?:[ !#-[\]-~]|\\[ -~])*"$/;

const isMailDomain = (domain: string): boolean => {
  if (!domain.startsWith("[")) return isHostname(domain);
  if (!domain.endsWith("]")) return false;
  const literal = domain.slice(1, -1);
  return /^ipv6:/i.test(literal) ? isIpv6(literal.slice(5)) : isIpv4(literal);
};

export const isEmail = (text: string): boolean => {
  const at = text.lastIndexOf("@");
  if (at < 1 || text.length > MAX_EMAIL_LENGTH) return false;
  const local = text.slice(0, at);
  return (dotString.test(local) || quotedString.test(local)) && isMailDomain(text.slice(at + 1));
};

/** Of each part of a URI: a character that it must not hold, or a `%` that begins no escape. */
const wrongIn = {
  user: /[^-A-Za-z0-9._~!$&'()*+,;=:%]|%(?![0-9A-Fa-f]{2})/,
  host: /[^-A-Za-z0-9._~!$&'()*+,;=%]|%(?![0-9A-Fa-f]{2})/,
  path: /[^-A-Za-z0-9._~!$&'()*+,;=:@/%]|%(?![0-9A-Fa-f]{2})/,
  query: /[^-A-Za-z0-9._~!$&'()*+,;=:@/?%]|%(?![0-9A-Fa-f]{2})/,
};

const isHost = (host: string): boolean => {
  if (!host.startsWith("[")) return !wrongIn.host.test(host);
  if (!host.endsWith("]")) return false;
  const literal = host.slice(1, -1);
  return isIpv6(literal) || /^[vV][0-9A-Fa-f]+\.[-A-Za-z0-9._~!$&'()*+,;=:]+$/.test(literal);
};

const isAuthority = (authority: string): boolean => {
  const at = authority.lastIndexOf("@");
  const hostAndPort = authority.slice(at + 1);
  const colon = hostAndPort.indexOf(":", hostAndPort.lastIndexOf("]") + 1);
  const host = colon === -1 ? hostAndPort : hostAndPort.slice(0, colon);
  const port = colon === -1 ? "" : hostAndPort.slice(colon + 1);
  return (
    !wrongIn.user.test(authority.slice(0, Math.max(at, 0))) && isHost(host) && /^\d*$/.test(port)
  );
};

/** Cuts a text at the first of a character; the second part lacks it. */
const cut = (text: string, at: string): [string, string] => {
  const index = text.indexOf(at);
  return index === -1 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
};

const isHierarchy = (text: string): boolean => {
  if (!text.startsWith("//")) return !wrongIn.path.test(text);
  const slash = text.indexOf("/", 2);
  const authority = slash === -1 ? text.slice(2) : text.slice(2, slash);
  return isAuthority(authority) && (slash === -1 || !wrongIn.path.test(text.slice(slash)));
};

export const isUriReference = (text: string): boolean => {
  const [beforeFragment, fragment] = cut(text, "#");
  const [hierarchyAndScheme, query] = cut(beforeFragment, "?");
  const scheme = /^[A-Za-z][-A-Za-z0-9+.]*:/.exec(hierarchyAndScheme)?.[0] ?? "";
  const hierarchy = hierarchyAndScheme.slice(scheme.length);
  // A first segment with a colon could be taken for a scheme.
  if (scheme === "" && /^[^/]*:/.test(hierarchy)) return false;
  return isHierarchy(hierarchy) && !wrongIn.query.test(query) && !wrongIn.query.test(fragment);
};

export const isUri = (text: string): boolean =>
  /^[A-Za-z][-A-Za-z0-9+.]*:/.test(text) && isUriReference(text);
