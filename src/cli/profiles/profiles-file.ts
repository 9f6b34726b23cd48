import { isAbsolute, join, resolve } from "node:path";
import { usageFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { setting } from "../setting.ts";

const folderOf = (io: Io): string | undefined => {
  const own = setting(io, "FAIRLEAD_CONFIG_DIR");
  if (own !== undefined) return resolve(io.cwd, own);
  const configHome = setting(io, "XDG_CONFIG_HOME");
  // XDG Base Directory Specification: a relative path counts as absent.
  if (configHome !== undefined && isAbsolute(configHome)) return join(configHome, "fairlead");
  const home = setting(io, "HOME") ?? setting(io, "USERPROFILE");
  return home === undefined ? undefined : join(home, ".config", "fairlead");
};

/** Where the profiles are kept; undefined where the environment names no place. */
export const profilesFile = (io: Io): string | undefined => {
  const folder = folderOf(io);
  return folder === undefined ? undefined : join(folder, "profiles.json");
};

/** @throws Failure where the environment names no place */
export const requireProfilesFile = (io: Io): string => {
  const file = profilesFile(io);
  if (file !== undefined) return file;
  throw usageFailure("There is no place to keep profiles: set FAIRLEAD_CONFIG_DIR or HOME.");
};
