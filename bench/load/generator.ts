/** The load generator: a process of its own that takes one job at a time from the bench and answers with a measurement. */
import { percentile } from "../measure/statistics.ts";
import type { Connection } from "./connection.ts";
import { connectGrpc } from "./grpc.ts";
import { connectHttp1 } from "./http1.ts";
import type { Job, JobResult, Measurement, Target } from "./job.ts";
import { prepareRequest } from "./requests.ts";
import { addressToCreate, addressToUpdate } from "./workload.ts";

/** Counted over all jobs, so that no value and no created key comes twice; the keys are seeded with value 0. */
const counters = { values: 1, created: 0 };

const openMany = (count: number, open: () => Promise<Connection>) =>
  Promise.all(Array.from({ length: count }, open));

/** As many connections as the target has; clients share them out in turn. */
function connectAll(target: Target, clients: number): Promise<Connection[]> {
  const { port, kind } = target;
  if (kind === "etcd-grpc") {
    const count = target.connections === "one" ? 1 : clients;
    return openMany(count, () => connectGrpc(port, "/etcdserverpb.KV/Put"));
  }
  if (kind === "fixed-grpc") return openMany(clients, () => connectGrpc(port, target.method));
  // 201 is a commit; 200 would be a change set that changed nothing, which must not count.
  const written = kind === "fairlead" ? 201 : 200;
  const status = kind === "fixed" ? target.status : written;
  return openMany(clients, () => connectHttp1(port, status));
}

/** One client: the next request leaves when the last one is answered. Resolves to its latencies in milliseconds. */
function runClient(job: Job, client: number, connection: Connection, deadline: number) {
  const { promise, resolve, reject } = Promise.withResolvers<number[]>();
  const request = prepareRequest(job.target, job.run, job.variant);
  const latenciesMs: number[] = [];
  const next = () => {
    const started = performance.now();
    if (started >= deadline) {
      resolve(latenciesMs);
      return;
    }
    const address =
      job.variant === "create"
        ? addressToCreate(counters.created++)
        : addressToUpdate(client, latenciesMs.length);
    request.aim(address, counters.values++);
    connection.send(request.bytes, (failure) => {
      if (failure !== undefined) {
        reject(new Error(failure));
        return;
      }
      latenciesMs.push(performance.now() - started);
      next();
    });
  };
  next();
  return promise;
}

async function runJob(job: Job): Promise<Measurement> {
  const connections = await connectAll(job.target, job.clients);
  try {
    const started = performance.now();
    const deadline = started + job.durationMs;
    const latencies = await Promise.all(
      Array.from({ length: job.clients }, (_, client) => {
        const connection = connections[client % connections.length];
        if (connection === undefined) throw new Error("no connection");
        return runClient(job, client, connection, deadline);
      }),
    );
    const elapsedMs = performance.now() - started;
    const sorted = Float64Array.from(latencies.flat()).sort();
    return {
      requests: sorted.length,
      elapsedMs,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      requestBytes: prepareRequest(job.target, job.run, job.variant).bytes.length,
    };
  } finally {
    for (const connection of connections) connection.close();
  }
}

const answer = (result: JobResult) => process.send?.(result);

process.on("message", (job: Job) => {
  runJob(job).then(
    (measurement) => answer({ measurement }),
    (error: unknown) => answer({ failure: error instanceof Error ? error.message : String(error) }),
  );
});
