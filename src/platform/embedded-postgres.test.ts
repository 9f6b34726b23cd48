import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, realpath, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type EmbeddedPostgres, startEmbeddedPostgres } from "./embedded-postgres.ts";
import { connectSql, type Sql } from "./sql.ts";

const settings = { fsync: "off" };

const run = promisify(execFile);
const makeFolder = async (): Promise<string> =>
  realpath(await mkdtemp(join(tmpdir(), "fairlead-embedded-")));
const removeFolder = (folder: string): Promise<void> =>
  rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });

// Making a cluster takes most of a start, so most tests begin with a copy of this one.
let model: string;
let dataDir: string;
let running: EmbeddedPostgres[];
let owners: ChildProcess[];

beforeAll(async () => {
  model = await makeFolder();
  await (await startEmbeddedPostgres({ dataDir: model, settings })).stop();
});

afterAll(() => removeFolder(model));

beforeEach(async () => {
  dataDir = await makeFolder();
  await run("cp", ["-a", `${model}/.`, dataDir]);
  running = [];
  owners = [];
});

afterEach(async () => {
  for (const owner of owners) owner.kill("SIGKILL");
  for (const postgres of running) await postgres.stop("immediate");
  await removeFolder(dataDir);
});

const start = async (): Promise<EmbeddedPostgres> => {
  const postgres = await startEmbeddedPostgres({ dataDir, settings });
  running.push(postgres);
  return postgres;
};

const withSql = async <T>(url: string, use: (sql: Sql) => Promise<T>): Promise<T> => {
  const sql = connectSql(url, { max: 1 });
  try {
    return await use(sql);
  } finally {
    await sql.end({ timeout: 1 });
  }
};

const write = (url: string): Promise<unknown> =>
  withSql(url, (sql) => sql`create table kept as select 42 as answer`);

const read = (url: string): Promise<number> =>
  withSql(url, async (sql) => (await sql<{ answer: number }[]>`table kept`)[0]!.answer);

const isAlive = (processId: number): boolean => {
  try {
    process.kill(processId, 0);
    return true;
  } catch {
    return false;
  }
};

/** A server that was stopped in order takes its lock file away; its process may linger until it is reaped. */
const stopped = async (): Promise<boolean> => {
  for (let waited = 0; waited < 10_000; waited += 20) {
    const lock = await stat(join(dataDir, "postgres/postmaster.pid")).catch(() => undefined);
    if (lock === undefined) return true;
    await sleep(20);
  }
  return false;
};

/** A process of its own that starts PostgreSQL and then does what `after` says. */
const startOwner = async (after: string): Promise<{ owner: ChildProcess; postgres: number }> => {
  const module = new URL("./embedded-postgres.ts", import.meta.url).href;
  const script = `
    import { startEmbeddedPostgres } from ${JSON.stringify(module)};
    const options = ${JSON.stringify({ dataDir, settings })};
    const postgres = await startEmbeddedPostgres(options);
    console.log(postgres.processId);
    ${after}`;
  const flags = ["--input-type=module", "--eval", script];
  const owner = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
  owners.push(owner);
  const [line] = (await once(owner.stdout, "data")) as [Buffer];
  return { owner, postgres: Number(line.toString()) };
};

describe("a start", () => {
  test("makes a UTF-8 cluster that listens on loopback and asks for a random password", async () => {
    await rm(join(dataDir, "postgres"), { recursive: true });
    const { url, port, processId } = await start();
    const { hostname, port: urlPort, password, pathname } = new URL(url);
    expect({ hostname, urlPort, pathname }).toEqual({
      hostname: "127.0.0.1",
      urlPort: String(port),
      pathname: "/fairlead",
    });
    expect(password).toMatch(/^[\w-]{32}$/);
    expect(isAlive(processId)).toBe(true);
    const [row] = await withSql(
      url,
      (sql) => sql`
        select current_setting('listen_addresses') as addresses,
          current_setting('unix_socket_directories') as sockets,
          pg_encoding_to_char(encoding) as encoding, datlocale as locale,
          (select count(*)::integer from pg_hba_file_rules where auth_method <> 'scram-sha-256') as open
        from pg_database where datname = current_database()`,
    );
    expect(row).toEqual({
      addresses: "127.0.0.1",
      sockets: "",
      encoding: "UTF8",
      locale: "C.UTF-8",
      open: 0,
    });
    const wrong = Object.assign(new URL(url), { password: "guess" }).href;
    await expect(withSql(wrong, (sql) => sql`select 1`)).rejects.toThrow(/authentication failed/);
    const { mode } = await stat(join(dataDir, "postgres/fairlead.password"));
    expect(mode & 0o777).toBe(0o600);
  });

  test("finds the data of an earlier start, under another port too", async () => {
    const first = await start();
    await write(first.url);
    await first.stop();
    expect(isAlive(first.processId)).toBe(false);
    const second = await start();
    expect(await read(second.url)).toBe(42);
  });

  test("takes the port and the settings that it is given", async () => {
    const first = await start();
    await first.stop();
    const { port, url } = first;
    const again = await startEmbeddedPostgres({
      dataDir,
      port,
      settings: { ...settings, max_connections: "17" },
    });
    running.push(again);
    expect(again.url).toBe(url);
    const [row] = await withSql(again.url, (sql) => sql`show max_connections`);
    expect(row).toEqual({ max_connections: "17" });
  });

  test("recovers after PostgreSQL was killed", async () => {
    const first = await start();
    await write(first.url);
    process.kill(first.processId, "SIGKILL");
    await first.stop();
    const second = await start();
    expect(await read(second.url)).toBe(42);
  });

  test("is not held up by a lock file whose process number another process has now", async () => {
    const first = await start();
    await write(first.url);
    await first.stop();
    const other = spawn("sleep", ["60"], { ...(await account()), cwd: "/" });
    owners.push(other);
    await once(other, "spawn");
    const lock = `${other.pid}\n${dataDir}/postgres\n1\n1\n\n127.0.0.1\n\nready\n`;
    await writeFile(join(dataDir, "postgres/postmaster.pid"), lock, { mode: 0o600 });
    expect(await read((await start()).url)).toBe(42);
  });
});

/** Whom the cluster belongs to, where that is not the user who runs the tests. */
const account = async (): Promise<{ uid: number; gid: number } | undefined> => {
  if (process.getuid?.() !== 0) return undefined;
  const { uid, gid } = await stat(join(dataDir, "postgres"));
  return { uid, gid };
};

describe("a start that cannot be says why, and leaves nothing running:", () => {
  test("a data directory that is in use", async () => {
    const first = await start();
    await expect(start()).rejects.toThrow(
      `PostgreSQL already runs on ${dataDir}/postgres (process ${first.processId})`,
    );
    expect(await withSql(first.url, (sql) => sql`select 1 as one`)).toHaveLength(1);
  });

  test("a port that is taken", async () => {
    const blocker = createServer().listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const { port } = blocker.address() as { port: number };
    const failed = startEmbeddedPostgres({ dataDir, port, settings });
    await expect(failed).rejects.toThrow(`Port ${port} on 127.0.0.1 is taken`);
    blocker.close();
    expect(await read((await startThenWrite()).url)).toBe(42);
  });

  test("a setting that PostgreSQL refuses", async () => {
    const failed = startEmbeddedPostgres({ dataDir, settings: { max_connections: "many" } });
    await expect(failed).rejects.toThrow(/did not start.*max_connections/s);
    await expect(readFile(join(dataDir, "postgres/postmaster.pid"))).rejects.toThrow("ENOENT");
  });

  test("a cluster of another version", async () => {
    await writeFile(join(dataDir, "postgres/PG_VERSION"), "9\n");
    await expect(start()).rejects.toThrow(/did not start.*incompatible/s);
  });

  test("a cluster without its password", async () => {
    await rm(join(dataDir, "postgres/fairlead.password"));
    await expect(start()).rejects.toThrow(/fairlead.password cannot be read/);
    await expect(readFile(join(dataDir, "postgres/postmaster.pid"))).rejects.toThrow("ENOENT");
  });
});

const startThenWrite = async (): Promise<EmbeddedPostgres> => {
  const postgres = await start();
  await write(postgres.url);
  return postgres;
};

describe("PostgreSQL ends with its owner", () => {
  test.each([
    ["stops it on SIGTERM", "process.once('SIGTERM', () => postgres.stop());", "SIGTERM"],
    ["exits", "process.exit(0);", undefined],
    ["comes to its end", "", undefined],
    ["throws", "setTimeout(() => { throw new Error('planned'); }, 10);", undefined],
    ["is killed", "setInterval(() => {}, 1000);", "SIGKILL"],
  ] as const)("that %s", async (_, after, signal) => {
    const { owner } = await startOwner(after);
    if (signal !== undefined) owner.kill(signal);
    expect(await stopped()).toBe(true);
  });

  test("and the next start does not wait for a cleaner moment", async () => {
    const { owner } = await startOwner("setInterval(() => {}, 1000);");
    owner.kill("SIGKILL");
    expect(await read((await startThenWrite()).url)).toBe(42);
  });

  test("but an interrupt at the terminal reaches only the owner", async () => {
    const { owner, postgres } = await startOwner(
      "process.on('SIGINT', () => {}); setInterval(() => {}, 1000);",
    );
    const [group] = (await readFile(`/proc/${postgres}/stat`, "utf8"))
      .split(") ")[1]!
      .split(" ")
      .slice(2);
    expect(Number(group)).toBe(postgres);
    expect(Number(group)).not.toBe(owner.pid);
  });
});

test("two first starts at once make one cluster, and one of them runs", async () => {
  await rm(join(dataDir, "postgres"), { recursive: true });
  const starts = await Promise.allSettled([start(), start()]);
  expect(starts.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
  expect(String(starts.find((each) => each.status === "rejected")?.reason)).toMatch(/already runs/);
});
