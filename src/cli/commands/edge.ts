import { type Registration, runs, withExamples } from "../define-command.ts";
import { type Edge, type Edges, edgesShape } from "../edge-shapes.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { printJson, printRemark, printTable, textCell } from "../print.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";

const columns = [
  { title: "EDGE" },
  { title: "STATE" },
  { title: "EPOCH" },
  { title: "REVISION", align: "right" },
  { title: "BEHIND", align: "right" },
  { title: "ACCESS", align: "right" },
  { title: "FAILURES", align: "right" },
  { title: "LAST ERROR", minimumWidth: 10 },
] as const;

const stateOf = ({ isFilling, isReachable, revision }: Edge): string => {
  if (!isReachable) return "unreachable";
  if (isFilling) return revision == null ? "empty" : "filling";
  return "ok";
};

const printEdges = (session: Session, { accessVersion, epoch, items, revision }: Edges): void => {
  const rows = items.map((one) => [
    textCell(one.edge),
    stateOf(one),
    textCell(one.epoch),
    textCell(one.revision),
    textCell(one.lagRevisions),
    textCell(one.accessVersion),
    textCell(one.failures),
    // What failed last may be mended long since.
    textCell(one.problem ?? (one.failures > 0 ? one.lastError : null)),
  ]);
  printTable(session, columns, rows);
  printRemark(
    session,
    items.length === 0
      ? "No edges are configured (EDGE_URLS) in the process that answered."
      : `The deployment is at revision ${revision} of epoch ${epoch}, access version ${accessVersion}.`,
  );
};

const isCurrent = (one: Edge, { epoch }: Edges): boolean =>
  one.isReachable && one.epoch === epoch && one.lagRevisions === 0 && one.isAccessCurrent;

const status = async (
  session: Session,
  { exitCode }: { readonly exitCode?: boolean },
): Promise<ExitCode> => {
  const { body } = await sendRequest(session, { path: "v1/edges", shape: edgesShape });
  if (session.json) printJson(session, body);
  else printEdges(session, body);
  const areCurrent = body.items.every((one) => isCurrent(one, body));
  return exitCode === true && !areCurrent ? exitCodes.failure : exitCodes.ok;
};

export const addEdgeCommands = (registration: Registration): void => {
  const group = registration.program
    .command("edge")
    .summary("see how far the edges have come")
    .description("What is published to edges: see `fairlead edge status`.");
  const command = group
    .command("status")
    .summary("compare the heads of every edge with the deployment's")
    .description(
      "Shows for every edge that is published to: its epoch and revision, by how many revisions it is " +
        "behind, the version of its keys and roles, and what failed last.",
    )
    .option("--exit-code", "exit with 1 where an edge is not reachable, or behind");
  withExamples(command, ["edge status", "edge status --exit-code --json"]);
  command.action(runs({ ...registration, program: group }, command, status));
};
