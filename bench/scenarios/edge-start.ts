import { untilAnswered } from "../peers/workerd.ts";
import { type EdgeDeployment, untilPublished } from "./edge-deployment.ts";
import type { EdgeStart } from "./edge-table.ts";

/** A fresh process of each kind, one after the other; the edge finds on disk what was published to it. */
export async function measureStart(deployment: EdgeDeployment): Promise<EdgeStart> {
  const constantMs = await startConstant(deployment);
  const { edge } = deployment;
  const started = performance.now();
  const child = edge.start();
  // What needs nothing of what was published: the refusal of a publisher without a token.
  const path = "/internal/layers";
  const answered = await untilAnswered(child, {
    port: edge.port,
    method: "POST",
    path,
    status: 401,
  });
  const read = await untilPublished(child, deployment);
  await child.stop();
  return { constantMs, answerMs: answered - started, readMs: read - started };
}

async function startConstant({ constant: { port, start } }: EdgeDeployment): Promise<number> {
  const started = performance.now();
  const child = start();
  const answered = await untilAnswered(child, { port, path: "/constant", status: 200 });
  await child.stop();
  return answered - started;
}
