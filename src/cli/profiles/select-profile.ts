import type { Io } from "../io.ts";
import { setting } from "../setting.ts";
import { type Profile, requireProfile } from "./profiles.ts";
import { readProfiles } from "./read-profiles.ts";

interface Selection {
  readonly profile?: Profile;
  /** Whether somebody asked for it by name, in place of the default one. */
  readonly isNamed: boolean;
}

/**
 * The profile that is asked for by name, else the default one, if any.
 * @throws Failure for an unknown name, or a file that cannot be used
 */
export const selectProfile = async (
  io: Io,
  options: { readonly profile?: string; readonly apiKey?: string },
  hasUrl: boolean,
): Promise<Selection> => {
  const name = options.profile ?? setting(io, "FAIRLEAD_PROFILE");
  if (name !== undefined) {
    return { profile: requireProfile(await readProfiles(io), name), isNamed: true };
  }
  const hasKey = (options.apiKey ?? setting(io, "FAIRLEAD_API_KEY")) !== undefined;
  // Where all is said already, a damaged file must not stand in the way.
  if (hasUrl && hasKey) return { isNamed: false };
  const profiles = await readProfiles(io);
  if (profiles.default === undefined) return { isNamed: false };
  return { profile: requireProfile(profiles, profiles.default), isNamed: false };
};
