import { mkdtemp, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from "../../src/platform/embedded-postgres.ts";

// The cluster is thrown away, so nothing needs to outlive a crash of the machine.
const careless = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };

const remove = async (dataDir: string): Promise<void> => {
  // Where the server's user cannot reach the folder, the cluster is a link into another one.
  const cluster = await realpath(join(dataDir, "postgres")).catch(() => undefined);
  if (cluster !== undefined) await rm(dirname(cluster), { recursive: true, force: true });
  await rm(dataDir, { recursive: true, force: true });
};

/**
 * A PostgreSQL in a temporary folder, that `stop` removes. It is fast and forgets in a crash of the
 * machine, unless `settings` say otherwise.
 */
export async function startTemporaryPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<EmbeddedPostgres> {
  const dataDir = await mkdtemp(join(tmpdir(), "fairlead-temporary-"));
  try {
    const postgres = await startEmbeddedPostgres({
      dataDir,
      settings: { ...careless, ...settings },
    });
    return {
      ...postgres,
      async stop(mode = "immediate") {
        await postgres.stop(mode);
        await remove(dataDir);
      },
    };
  } catch (error) {
    await remove(dataDir);
    throw error;
  }
}
