import { type Registration, runs, withExamples } from "../define-command.ts";
import { type Edge, edgesShape, refillShape } from "../edge-shapes.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";
import type { Io } from "../io.ts";
import { printJson, printLine, printRemark, showProgress } from "../print.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";

interface PublishOptions {
  readonly all?: boolean;
  readonly edge?: string;
}

const pollMs = 1_000;
/** Without any progress for so long, nobody publishes. */
const patienceMs = 60_000;

const readEdges = async (session: Session) =>
  (await sendRequest(session, { path: "v1/edges", shape: edgesShape })).body;

const refill = async (session: Session, edge: string): Promise<void> => {
  await sendRequest(session, {
    method: "POST",
    path: `v1/edges/${encodeURIComponent(edge)}/refill`,
    shape: refillShape,
    shownBy: "fairlead edge status",
  });
};

const publish = async (session: Session, { all, edge }: PublishOptions): Promise<ExitCode> => {
  if (all !== true) throw usageFailure("publish wants --all: everything is published anew.");
  const { items } = await readEdges(session);
  const edges = items.map((one) => one.edge).filter((one) => edge === undefined || one === edge);
  if (edges.length === 0) throw noEdge(edge);
  // All of them, before the first one is waited for: they are filled at one time.
  for (const one of edges) await refill(session, one);
  const done: Edge[] = [];
  for (const one of edges) done.push(await follow(session, one));
  if (session.json) printJson(session, { items: done });
  return exitCodes.ok;
};

const wait = (io: Io): Promise<void> =>
  io.wait === undefined
    ? new Promise((resume) => {
        setTimeout(resume, pollMs);
      })
    : io.wait(pollMs);

/** Shows how far an edge is, until it has everything. */
const follow = async (session: Session, name: string): Promise<Edge> => {
  let shown = "";
  let waitedMs = 0;
  for (;;) {
    const { epoch, items, layers } = await readEdges(session);
    const edge = items.find((one) => one.edge === name);
    if (edge === undefined) throw noEdge(name);
    if (edge.isReachable && !edge.isFilling && edge.epoch === epoch && edge.isAccessCurrent) {
      showProgress(session, "");
      report(session, edge);
      return edge;
    }
    const progress = progressOf(edge, layers);
    waitedMs = progress === shown ? waitedMs + pollMs : 0;
    if (waitedMs > patienceMs) throw noProgress(edge);
    if (progress !== shown && session.io.stderrIsTerminal !== true) printRemark(session, progress);
    shown = progress;
    showProgress(session, progress);
    await wait(session.io);
  }
};

const sizeOf = (bytes: number): string =>
  bytes < 1_000_000 ? `${Math.ceil(bytes / 1_000)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;

const progressOf = (one: Edge, layers: number): string => {
  if (!one.isReachable) return `${one.edge}: cannot be reached`;
  if (!one.isFilling) return `${one.edge}: at revision ${one.revision ?? "none"}, keys to come`;
  return `${one.edge}: ${one.documents} of ${layers} documents, ${sizeOf(one.bytes)}`;
};

const report = (session: Session, { bytes, documents, edge, revision }: Edge): void => {
  if (session.json) return;
  const text = `${edge} has everything up to revision ${revision ?? 0}: ${documents} documents, ${sizeOf(bytes)}.`;
  printLine(session, text);
};

const noEdge = (edge: string | undefined): Failure =>
  new Failure(
    exitCodes.notFound,
    {
      title: "No such edge",
      detail:
        edge === undefined
          ? "The process that answered publishes to no edge."
          : `The process that answered publishes to no edge "${edge}".`,
      code: "NOT_FOUND",
    },
    { hint: "Edges are configured with EDGE_URLS, for workers and API processes alike." },
  );

const noProgress = ({ edge, lastError, problem }: Edge): Failure =>
  new Failure(
    exitCodes.unavailable,
    {
      title: "Nothing is published",
      detail:
        `For ${patienceMs / 1_000} s nothing reached ${edge}. ${problem ?? lastError ?? ""}`.trim(),
      code: "UNAVAILABLE",
    },
    { hint: "Is a worker process running that has the edge in EDGE_URLS? It goes on without you." },
  );

export const addPublishCommand = (registration: Registration): void => {
  const command = registration.program
    .command("publish")
    .summary("publish everything to edges anew")
    .description(
      "Has the workers publish all layers, keys and roles to edges anew, and shows how far they are " +
        "until it is done. Edges serve what they have until then.",
    )
    .option("--all", "everything; nothing less can be published by hand")
    .option("--edge <host>", "to this edge alone, as `edge status` shows it");
  withExamples(command, ["publish --all", "publish --all --edge edge.example.org"]);
  command.action(runs(registration, command, publish));
};
