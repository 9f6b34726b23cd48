import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import type { Io } from "../io.ts";
import { type Profile, type Profiles, withoutProfile } from "./profiles.ts";
import { requireProfilesFile } from "./profiles-file.ts";
import { readProfiles } from "./read-profiles.ts";
import { updateProfiles } from "./update-profiles.ts";

const refuseTaken = ({ profiles }: Profiles, name: string, replace: boolean): void => {
  if (replace || profiles.every((profile) => profile.name !== name)) return;
  throw new Failure(
    exitCodes.conflict,
    { title: "The name is taken", detail: `There is a profile ${name} already.`, code: "CONFLICT" },
    { hint: "`fairlead profiles add --replace` writes over it." },
  );
};

/** Fails early, before a key is asked for or made, where the profile could not be stored. */
export const requireStorable = async (io: Io, name: string, replace: boolean): Promise<void> => {
  requireProfilesFile(io);
  refuseTaken(await readProfiles(io), name, replace);
};

/** @throws Failure where the name is taken and `replace` does not say to write over it */
export const storeProfile = (io: Io, profile: Profile, replace: boolean): Promise<void> =>
  updateProfiles(io, (profiles) => {
    refuseTaken(profiles, profile.name, replace);
    return { ...profiles, profiles: [...withoutProfile(profiles, profile.name), profile] };
  });
