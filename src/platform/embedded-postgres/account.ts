import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The user that PostgreSQL's programs run as. */
export interface Account {
  readonly uid: number;
  readonly gid: number;
}

const userName = "postgres";

const lookUp = async (name: string): Promise<Account | undefined> => {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
};

const create = async (name: string): Promise<void> => {
  const home = ["--no-create-home", "--home-dir", "/nonexistent", "--shell", "/usr/sbin/nologin"];
  try {
    await run("useradd", ["--system", "--user-group", ...home, name]);
  } catch (cause) {
    throw new Error(
      `PostgreSQL does not run as root, and the user "${name}" could not be created. Create it, start as an ordinary user, or set DATABASE_URL.`,
      { cause },
    );
  }
};

/**
 * Whom to run PostgreSQL as. It refuses root, so root starts it as the owner of an existing cluster
 * or as the user `postgres`, who is created where absent. `undefined` means as the caller itself.
 */
export async function serverAccount(clusterOwner?: Account): Promise<Account | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  if (clusterOwner !== undefined && clusterOwner.uid !== 0) return clusterOwner;
  const known = await lookUp(userName);
  if (known !== undefined) return known;
  await create(userName);
  const created = await lookUp(userName);
  if (created === undefined) throw new Error(`The user "${userName}" was created but is not known`);
  return created;
}

/** Whether the account can enter a folder or run a file. It is tried, as access lists and mounts count too. */
export async function canReach(path: string, account: Account | undefined): Promise<boolean> {
  if (account === undefined) return true;
  try {
    await run("test", ["-x", path], { ...account, cwd: "/" });
    return true;
  } catch {
    return false;
  }
}
