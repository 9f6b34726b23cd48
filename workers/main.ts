import { createLogger, describeError } from "../src/platform/log.ts";
import { parseSettings } from "../src/platform/settings.ts";
import { connectSql } from "../src/platform/sql.ts";
import { connectTcp } from "../src/platform/tcp-socket.ts";
import { startWorkers } from "./start-workers.ts";

// A worker process of its own; `npm start` runs the same workers beside the API.
const log = createLogger();
try {
  const settings = parseSettings(process.env);
  const { databaseUrl } = settings;
  if (databaseUrl === undefined)
    throw new Error("DATABASE_URL is needed: which database to work for");
  const sql = connectSql(databaseUrl, {
    max: 4,
    name: "fairlead-workers",
    createSocket: connectTcp,
  });
  const stopWorkers = await startWorkers({ databaseUrl, sql, settings, log });
  log.info("working");
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      log.info("stopping", { signal });
      void stopWorkers()
        .then(() => sql.end({ timeout: 5 }))
        .finally(() => process.exit(0));
    });
  }
} catch (error) {
  log.error("could not start", describeError(error));
  process.exitCode = 1;
}
