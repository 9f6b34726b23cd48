import { startEdge } from "../helpers/start-edge.ts";
import { conformanceSettings } from "./settings.ts";
import { conformanceSuite } from "./suite.ts";

conformanceSuite("workerd without a database", () => startEdge(conformanceSettings));
