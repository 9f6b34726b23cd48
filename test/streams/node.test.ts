import { startServer } from "../helpers/start-server.ts";
import { streamSuite } from "./suite.ts";

streamSuite("Node", () => startServer({}, () => ({ command: ["node", "src/entry/node.ts"] })));
