import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { processTree, readProcess } from "../measure/processes.ts";

export interface PostgresInfo {
  readonly version: string;
  /** The postmaster, where it runs on this machine. */
  readonly pid: number | undefined;
}

/** What makes an acknowledged commit survive a power cut; etcd runs with the same promise. */
const durability = ["fsync", "synchronous_commit", "full_page_writes"] as const;

/** Version and process of the PostgreSQL under Fairlead. Throws when it does not make commits durable. */
export const inspectPostgres = (
  serverPid: number,
  url: string | undefined,
): Promise<PostgresInfo> => (url === undefined ? inspectEmbedded(serverPid) : inspectByUrl(url));

function refuse(setting: string, value: string): never {
  throw new Error(
    `PostgreSQL runs with ${setting} = ${value}: etcd's puts are durable, so must its commits be`,
  );
}

async function inspectByUrl(url: string): Promise<PostgresInfo> {
  const sql = postgres(url, { max: 1 });
  try {
    for (const setting of durability) {
      const [row] = await sql<{ value: string }[]>`select current_setting(${setting}) as value`;
      if (row === undefined || row.value === "off") refuse(setting, String(row?.value));
    }
    const [row] = await sql<{ version: string; backend: number }[]>`
      select current_setting('server_version') as version, pg_backend_pid() as backend`;
    const backend = row && readProcess(row.backend);
    const pid = backend?.command === "postgres" ? backend.parent : undefined;
    return { version: row?.version ?? "unknown", pid };
  } finally {
    await sql.end();
  }
}

/** The embedded one is found below the server; its working directory is its data directory. */
async function inspectEmbedded(serverPid: number): Promise<PostgresInfo> {
  const postmaster = processTree(serverPid).find((stat) => stat.command === "postgres");
  if (postmaster === undefined) throw new Error("there is no postgres process below the server");
  const process = `/proc/${postmaster.pid}`;
  const files = ["postgresql.conf", "postgresql.auto.conf"].map((name) =>
    join(process, "cwd", name),
  );
  const lines = files.filter((file) => existsSync(file)).map((file) => readFileSync(file, "utf8"));
  const args = readFileSync(`${process}/cmdline`, "utf8").split("\0");
  for (const setting of durability) {
    const off = new RegExp(`^(-c|--)?\\s*${setting}\\s*[= ]\\s*'?(off|false|no|0)\\b`, "im");
    if ([...lines, ...args].some((text) => off.test(text))) refuse(setting, "off");
  }
  if (args.includes("-F")) refuse("fsync", "off");
  const program = readlinkSync(`${process}/exe`);
  const output = execFileSync(program, ["--version"], { encoding: "utf8" });
  return { version: /\d+(\.\d+)*/.exec(output)?.[0] ?? output, pid: postmaster.pid };
}

/** Where the embedded one of a server is reached. */
export function embeddedUrl(dataDir: string): string {
  const folder = join(dataDir, "postgres");
  const password = readFileSync(join(folder, "fairlead.password"), "utf8").trim();
  const [, , , port = ""] = readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n");
  return `postgres://fairlead:${password}@127.0.0.1:${port.trim()}/fairlead`;
}
