/** The ceiling of event streams: node:http, which writes one buffer to every response that is open. */
import { createServer, type ServerResponse } from "node:http";

// As long as an event of Fairlead about one key.
const event = Buffer.from(
  `id: 4f0e9d0a2f8f3f0f-42\nevent: change\ndata: ${JSON.stringify({ text: "x".repeat(326) })}\n\n`,
);
const open = new Set<ServerResponse>();

createServer((req, res) => {
  if (req.method === "GET") {
    res.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-cache" });
    res.write("id: 4f0e9d0a2f8f3f0f-41\n\n");
    open.add(res);
    res.on("close", () => open.delete(res));
    return;
  }
  req.resume();
  res.writeHead(201).end("{}");
  setImmediate(() => {
    for (const one of open) one.write(event);
  });
}).listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4_096 });
