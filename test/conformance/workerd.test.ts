import { startServer } from "../helpers/start-server.ts";
import { wranglerDev } from "../helpers/wrangler-dev.ts";
import { conformanceSettings } from "./settings.ts";
import { conformanceSuite } from "./suite.ts";

conformanceSuite("workerd", () => startServer(conformanceSettings, wranglerDev));
