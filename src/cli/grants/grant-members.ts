import { scopeNamePattern } from "../../platform/names.ts";
import { refusal } from "../failure.ts";
import { everyone } from "./format-grant.ts";

/** A grant as a request carries it; an absent member stands for every one. */
export interface GrantRequest {
  readonly role: string;
  readonly effect?: "allow" | "deny";
  readonly app?: string;
  readonly environment?: string;
  readonly kinds?: readonly string[];
  readonly keys?: readonly string[];
}

/** The members of a grant as they were written, each with the name that a message gives it. */
export interface WrittenGrant {
  readonly place: string;
  readonly deny: boolean;
  readonly role: string;
  readonly app?: string | undefined;
  readonly environment?: string | undefined;
  readonly kinds?: readonly string[] | undefined;
  readonly keys?: readonly string[] | undefined;
}

const scopePattern = /^[A-Za-z0-9*][A-Za-z0-9._*-]*$/;
const keysPattern = /^[A-Za-z0-9*][A-Za-z0-9._:*-]*$/;

const checked = (place: string, what: string, text: string, allowed: RegExp): string => {
  const whole = allowed === keysPattern ? "*" : everyone;
  // An empty variable in a script must not widen what a key may do.
  if (text === "") throw refusal(place, `The ${what} is empty; ${whole} stands for every one.`);
  if (text.includes(everyone)) {
    throw refusal(place, `${text}: in the ${what}, one * stands for any run of characters.`);
  }
  if (!allowed.test(text)) {
    const marks = allowed === keysPattern ? "'.', '_', ':', '-'" : "'.', '_', '-'";
    throw refusal(
      place,
      `${text}: the ${what} takes letters, digits, ${marks}, and * for any run of characters.`,
    );
  }
  return text;
};

const scopeMember = (
  written: WrittenGrant,
  name: "app" | "environment",
): { readonly app?: string; readonly environment?: string } => {
  const text = written[name];
  if (text === undefined || text === everyone) return {};
  return { [name]: checked(written.place, `${name} pattern`, text, scopePattern) };
};

const nameOf = (place: string, what: string, text: string): string => {
  if (text === "") throw refusal(place, `The ${what} is empty.`);
  if (!scopeNamePattern.test(text)) {
    throw refusal(place, `${text}: a ${what} takes letters, digits, '.', '_' and '-'.`);
  }
  return text;
};

/**
 * The grant for a request.
 * @throws Failure that says which grant, which part of it, and what is wrong
 */
export const grantRequest = (written: WrittenGrant): GrantRequest => {
  const { place, deny, role, kinds, keys } = written;
  return {
    role: nameOf(place, "role", role),
    ...(deny ? { effect: "deny" } : {}),
    ...scopeMember(written, "app"),
    ...scopeMember(written, "environment"),
    ...(kinds === undefined ? {} : { kinds: kinds.map((kind) => nameOf(place, "kind", kind)) }),
    ...(keys === undefined
      ? {}
      : { keys: keys.map((key) => checked(place, "key pattern", key, keysPattern)) }),
  };
};
