/** The ceiling of reads: Hono with one route that answers a constant text of about 1 KB. `deno serve` takes it as it is. */
import { Hono } from "hono";

const body = JSON.stringify({ value: "x".repeat(1_000) });
const headers = { "content-type": "application/json", etag: '"constant"' };
const app = new Hono();
app.get("/constant", () => new Response(body, { headers }));
app.get("/unchanged", () => new Response(null, { status: 304, headers }));

export default { fetch: app.fetch };
