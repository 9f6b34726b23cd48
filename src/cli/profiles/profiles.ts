import { z } from "zod";
import { parseJson } from "../../platform/documents/parse-json.ts";
import { scopeNamePattern } from "../../platform/names.ts";
import { parseApiKey } from "../api-key.ts";
import { asFailure, usageFailure } from "../failure.ts";
import { parseUrl } from "../server-address.ts";

/** Runs one of the command line's own checks as a rule of the file, in its words. */
const passes = (check: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      check(text);
    } catch (error) {
      context.addIssue({ code: "custom", message: asFailure(error).message });
    }
  });

/** @throws Failure for what no profile is called */
export const checkedProfileName = (name: string): string => {
  if (!scopeNamePattern.test(name)) {
    throw usageFailure(
      "A profile's name has 1 to 64 letters, digits, '.', '_' and '-', and begins with a letter or digit.",
    );
  }
  return name;
};

const profileShape = z.looseObject({
  name: passes(checkedProfileName),
  url: passes(parseUrl),
  apiKey: passes(parseApiKey),
});

// Loose: what a later version adds stays in the file.
const profilesShape = z
  .looseObject({ default: z.string().optional(), profiles: z.array(profileShape) })
  .superRefine(({ default: chosen, profiles }, context) => {
    const names = new Set(profiles.map(({ name }) => name));
    if (names.size < profiles.length) {
      context.addIssue({ code: "custom", path: ["profiles"], message: "a name is given twice" });
    }
    if (chosen !== undefined && !names.has(chosen)) {
      context.addIssue({ code: "custom", path: ["default"], message: "no profile has this name" });
    }
  });

export type Profile = z.infer<typeof profileShape>;
export type Profiles = z.infer<typeof profilesShape>;

/**
 * The profiles in the text of their file. Messages tell the place, never what stands there.
 * @throws Failure that names `file`
 */
export const parseProfiles = (text: string, file: string): Profiles => {
  const remedy = "Correct it, or remove the file and add the profiles anew.";
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    throw usageFailure(`${asFailure(error, file).message} ${remedy}`);
  }
  const result = profilesShape.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const place = issue?.path.join(".") || "the whole";
  throw usageFailure(`${file}: ${place}: ${issue?.message ?? "is damaged"}. ${remedy}`);
};

/**
 * The profile of that name.
 * @throws Failure that says which there are
 */
export const requireProfile = ({ profiles }: Profiles, name: string): Profile => {
  const found = profiles.find((profile) => profile.name === name);
  if (found !== undefined) return found;
  const known = profiles.map((profile) => profile.name).join(", ");
  throw usageFailure(
    `There is no profile ${name}. ${known === "" ? "There are none: `fairlead profiles add` makes one" : `There are: ${known}`}.`,
  );
};

/** The profiles without the one of that name. */
export const withoutProfile = ({ profiles }: Profiles, name: string): Profile[] =>
  profiles.filter((profile) => profile.name !== name);
