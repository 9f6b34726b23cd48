/** The lightest server that node:http makes: reads the body, answers 201. It shows what the load generator can reach. */
import { createServer } from "node:http";

const body = Buffer.from(JSON.stringify({ revision: 1, changes: [], effective: [] }));
const headers = { "content-type": "application/json", "content-length": body.length };

createServer((req, res) => {
  req.resume();
  req.on("end", () => res.writeHead(201, headers).end(body));
}).listen(Number(process.argv[2]), "127.0.0.1");
