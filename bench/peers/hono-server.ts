/** The ceiling of reads: Hono on Node with one route that answers a constant text of about 1 KB. */
import { serve } from "@hono/node-server";
import { Hono } from "hono";

const body = JSON.stringify({ value: "x".repeat(1_000) });
const headers = { "content-type": "application/json", etag: '"constant"' };
const app = new Hono();
app.get("/constant", () => new Response(body, { headers }));
app.get("/unchanged", () => new Response(null, { status: 304, headers }));

serve({ fetch: app.fetch, port: Number(process.argv[2]), hostname: "127.0.0.1" });
