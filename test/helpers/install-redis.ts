import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** How to start a Redis server. */
export interface RedisProgram {
  readonly command: string;
  /** Where the libraries of an unpacked package are. */
  readonly libraries?: string;
}

const cache = join(import.meta.dirname, "../../node_modules/.cache/fairlead-redis");
const unpacked = join(cache, "usr/bin/redis-server");
const packages = ["redis-server", "redis-tools", "libjemalloc2", "liblzf1"];

const succeeds = (
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): boolean => {
  try {
    const options = { cwd: cache, stdio: "ignore", env: { ...process.env, ...env } } as const;
    execFileSync(command, args, options);
    return true;
  } catch {
    return false;
  }
};

const unpackedProgram = (): RedisProgram | undefined => {
  const libraryFolders = join(cache, "usr/lib");
  if (!existsSync(unpacked)) return undefined;
  const libraries = readdirSync(libraryFolders)
    .map((name) => join(libraryFolders, name))
    .find((folder) => existsSync(join(folder, "libjemalloc.so.2")));
  if (libraries === undefined) return undefined;
  const works = succeeds(unpacked, ["--version"], { LD_LIBRARY_PATH: libraries });
  return works ? { command: unpacked, libraries } : undefined;
};

/** Unpacked and not installed: installing starts a service, and wants root. */
const unpack = (): void => {
  const isDownloaded =
    succeeds("apt-get", ["download", ...packages]) ||
    // A fresh machine has no package lists yet; only root can fetch them.
    (succeeds("apt-get", ["update"]) && succeeds("apt-get", ["download", ...packages]));
  if (!isDownloaded) return;
  for (const name of readdirSync(cache).filter((file) => file.endsWith(".deb"))) {
    succeeds("dpkg-deb", ["-x", name, "."]);
    rmSync(join(cache, name));
  }
};

/**
 * The Redis server for tests: the one on PATH, else Debian's packages, unpacked into node_modules/.cache.
 *
 * @throws Error that says what to install
 */
export const installRedis = (): RedisProgram => {
  mkdirSync(cache, { recursive: true });
  if (succeeds("redis-server", ["--version"])) return { command: "redis-server" };
  if (unpackedProgram() === undefined) unpack();
  const program = unpackedProgram();
  if (program !== undefined) return program;
  throw new Error(
    "Tests need a Redis server: install Debian's package redis-server (apt-get install redis-server), or put redis-server 7 or later on PATH.",
  );
};
