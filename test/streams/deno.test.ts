import { startServer } from "../helpers/start-server.ts";
import { streamSuite } from "./suite.ts";

streamSuite("Deno", () =>
  startServer({}, () => ({
    command: [
      "deno",
      "run",
      "--no-prompt",
      "--no-remote",
      "--cached-only",
      "--no-lock",
      "--allow-net",
      "--allow-env",
      "--allow-read=migrations",
      "src/entry/deno.ts",
    ],
    env: { DENO_NO_UPDATE_CHECK: "1" },
  })),
);
