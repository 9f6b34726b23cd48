import { startServer } from "../helpers/start-server.ts";
import { hugeBodies } from "./body-limits.ts";
import { clientAddresses, pathsAsSent, unreadableRequests } from "./door.ts";
import { hotReads } from "./hot-reads.ts";
import { conformanceSettings } from "./settings.ts";
import { conformanceSuite } from "./suite.ts";

conformanceSuite(
  "Node",
  () => startServer(conformanceSettings, () => ({ command: ["node", "src/entry/node.ts"] })),
  [hotReads, hugeBodies, clientAddresses, pathsAsSent, unreadableRequests],
);
