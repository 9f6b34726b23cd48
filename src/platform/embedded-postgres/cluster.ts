import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Account, canReach } from "./account.ts";
import { systemFolder } from "./binaries.ts";

const run = promisify(execFile);

/** The cluster's only role and the service's database have the same name. */
export const roleName = "fairlead";

// The password lives in the cluster's folder, so that the two come into being and move together.
const passwordFile = "fairlead.password";

const hasCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

interface NewCluster {
  readonly dataDir: string;
  readonly account: Account | undefined;
  readonly binaries: string;
  readonly sync: boolean;
  readonly log: (line: string) => void;
}

/** The real folder of the cluster in a data directory with its owner, if there is one. */
export async function findCluster(
  dataDir: string,
): Promise<{ folder: string; owner: Account } | undefined> {
  try {
    const folder = await realpath(join(dataDir, "postgres"));
    await stat(join(folder, "PG_VERSION"));
    const { uid, gid } = await stat(folder);
    return { folder, owner: { uid, gid } };
  } catch (error) {
    if (hasCode(error, "ENOENT")) return undefined;
    throw error;
  }
}

export async function readPassword(folder: string): Promise<string> {
  try {
    return (await readFile(join(folder, passwordFile), "utf8")).trim();
  } catch (cause) {
    throw new Error(`The cluster ${folder} is there, but its ${passwordFile} cannot be read`, {
      cause,
    });
  }
}

const isAlive = (processId: number): boolean => {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return hasCode(error, "EPERM");
  }
};

/** Half-made clusters of starts that were killed. */
const removeLeftovers = async (dataDir: string): Promise<void> => {
  for (const name of await readdir(dataDir)) {
    const maker = /^postgres\.new-(\d+)-/.exec(name)?.[1];
    if (maker === undefined || isAlive(Number(maker))) continue;
    await rm(join(dataDir, name), { recursive: true, force: true });
  }
};

/** The data directory, or a folder of the system's where the account cannot enter it (a checkout in /root). */
const reachableHome = async ({ dataDir, account, log }: NewCluster): Promise<string> => {
  if (account === undefined) return dataDir;
  const { mode } = await stat(dataDir);
  await chmod(dataDir, (mode & 0o7777) | 0o011);
  if (await canReach(dataDir, account)) return dataDir;
  await mkdir(systemFolder, { recursive: true, mode: 0o755 });
  const home = await mkdtemp(join(systemFolder, "cluster-"));
  await chmod(home, 0o711);
  log(`the server's user cannot reach ${dataDir}: ${dataDir}/postgres links to ${home}/postgres`);
  return home;
};

const initialise = async (cluster: NewCluster, folder: string): Promise<void> => {
  const password = join(folder, passwordFile);
  const pending = `${folder}.password`;
  await writeFile(pending, `${randomBytes(24).toString("base64url")}\n`, { mode: 0o600 });
  if (cluster.account) await chown(pending, cluster.account.uid, cluster.account.gid);
  const options = [
    `--pgdata=${folder}`,
    `--username=${roleName}`,
    `--pwfile=${pending}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--locale=C",
    "--no-instructions",
    ...(cluster.sync ? [] : ["--no-sync"]),
  ];
  await run(join(cluster.binaries, "initdb"), options, {
    ...cluster.account,
    cwd: "/",
    env: { LC_ALL: "C" },
  });
  await rename(pending, password);
};

/**
 * Makes `<dataDir>/postgres`: UTF-8, compared by code point, one superuser with a random password
 * over SCRAM. The folder appears whole or not at all; where two starts race, both use the first one.
 */
export async function createCluster(cluster: NewCluster): Promise<void> {
  await removeLeftovers(cluster.dataDir);
  const home = await reachableHome(cluster);
  const incoming = await mkdtemp(join(home, `postgres.new-${process.pid}-`));
  const target = join(cluster.dataDir, "postgres");
  try {
    if (cluster.account) await chown(incoming, cluster.account.uid, cluster.account.gid);
    await initialise(cluster, join(incoming, "data"));
    await rename(join(incoming, "data"), join(home, "postgres"));
    if (home !== cluster.dataDir) await symlink(join(home, "postgres"), target);
  } catch (error) {
    if (home !== cluster.dataDir) await rm(home, { recursive: true, force: true });
    if ((await findCluster(cluster.dataDir)) === undefined) throw error;
  } finally {
    await rm(incoming, { recursive: true, force: true });
  }
}
