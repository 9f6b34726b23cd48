import { startServer } from "../helpers/start-server.ts";
import { hugeBodies } from "./body-limits.ts";
import { clientAddresses, pathsAsSent } from "./door.ts";
import { hotReads } from "./hot-reads.ts";
import { conformanceSettings } from "./settings.ts";
import { conformanceSuite } from "./suite.ts";

// The least that it needs: its own address and the database's, its settings, and the migrations.
conformanceSuite(
  "Deno",
  () =>
    startServer(conformanceSettings, ({ databaseHost, port }) => ({
      command: [
        "deno",
        "run",
        "--no-prompt",
        "--no-remote",
        "--cached-only",
        "--no-lock",
        `--allow-net=127.0.0.1:${port},${databaseHost}`,
        "--allow-env",
        "--allow-read=migrations",
        "src/entry/deno.ts",
      ],
      env: { DENO_NO_UPDATE_CHECK: "1" },
    })),
  [hotReads, hugeBodies, clientAddresses, pathsAsSent],
);
