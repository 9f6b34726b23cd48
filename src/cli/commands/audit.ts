import { auditRowShape } from "../access-shapes.ts";
import { type Registration, runs, wholeNumber, withExamples } from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { usageFailure } from "../failure.ts";
import { defaultLimit, limitOption, printMore } from "../limit-option.ts";
import { listItems } from "../list-items.ts";
import { printJson, printTable, textCell, valueCell, valueColumn } from "../print.ts";
import type { Query } from "../send-request.ts";
import type { Session } from "../session.ts";
import { exportAudit } from "./audit/export.ts";

interface AuditOptions {
  readonly actor?: string;
  readonly action?: string;
  readonly after?: string;
  readonly before?: string;
  readonly revision?: number;
  readonly limit?: number;
  readonly export?: boolean;
}

const list = async (session: Session, query: Query, limit = defaultLimit): Promise<ExitCode> => {
  const { items, more } = await listItems(session, {
    path: "v1/audit",
    query,
    item: auditRowShape,
    limit,
  });
  if (session.json) {
    printJson(session, { items, more });
    return exitCodes.ok;
  }
  const columns = [
    { title: "ID", align: "right" },
    { title: "WHEN" },
    { title: "WHO" },
    { title: "ACTION" },
    { title: "REVISION", align: "right" },
    { title: "COUNT", align: "right" },
    { title: "ADDRESS" },
    valueColumn("DETAIL"),
  ] as const;
  const rows = items.map((row) => [
    textCell(row.id),
    textCell(row.at),
    textCell(row.actor?.id),
    textCell(row.action),
    textCell(row.revision),
    textCell(row.count),
    textCell(row.address),
    valueCell(row.detail),
  ]);
  printTable(session, columns, rows);
  printMore(session, more);
  return exitCodes.ok;
};

const audit = async (session: Session, options: AuditOptions): Promise<ExitCode> => {
  const { export: isExport = false, limit, actor, action, after, before, revision } = options;
  const query = { actor, action, after, before, revision };
  if (!isExport) return list(session, query, limit);
  if (limit !== undefined) throw usageFailure("--export takes no --limit: it writes every row.");
  return exportAudit(session, query);
};

export const addAuditCommand = (registration: Registration): void => {
  const command = registration.program
    .command("audit")
    .summary("read the audit log")
    .description(
      "Reads the audit log: who did what, when and from where, newest first; with --after, oldest " +
        "first. --export writes it as NDJSON, one row a line, oldest first, as it arrives.",
    )
    .option("--actor <id>", "only what this actor did; for a key, its id")
    .option("--action <action>", "only this action")
    .option("--after <id|time>", "only after this row, or this RFC 3339 time")
    .option("--before <time>", "only before this RFC 3339 time")
    .option("--revision <n>", "only what belongs to this revision", wholeNumber(1))
    .addOption(limitOption("rows"))
    .option("--export", "every row that the other options let through, as NDJSON");
  withExamples(command, [
    "audit --actor 8fK2mQ0tXw7LpZ3a --limit 200",
    "audit --action refused",
    "audit --after 2026-01-31T00:00:00Z --before 2026-02-01T00:00:00Z --json",
    "audit --export --after 2026-01-01T00:00:00Z > audit.ndjson",
  ]);
  command.action(runs(registration, command, audit));
};
