/** The constant answer on Node. */
import { serve } from "@hono/node-server";
import constant from "./hono-constant.ts";

serve({ fetch: constant.fetch, port: Number(process.argv[2]), hostname: "127.0.0.1" });
