import { z } from "zod";
import { withoutKeys } from "./api-key.ts";
import type { Failure, ProblemDocument } from "./failure.ts";
import type { Io } from "./io.ts";
import { textCell, valueCell, valueColumn } from "./print.ts";
import { printable, printableJson } from "./printable.ts";
import { renderTable } from "./table.ts";

const errorsShape = z.array(z.looseObject({ path: z.string(), message: z.string() }));
const conflictsShape = z.array(
  z.looseObject({
    path: z.string(),
    currentVersion: z.number().nullish(),
    currentRevision: z.number().nullish(),
    currentValue: z.unknown().optional(),
  }),
);

const conflictTable = ({ conflicts }: ProblemDocument, io: Io): string => {
  const { data = [] } = conflictsShape.safeParse(conflicts);
  if (data.length === 0) return "";
  const columns = [
    { title: "PLACE" },
    { title: "CURRENT VERSION", align: "right" },
    { title: "CURRENT REVISION", align: "right" },
    valueColumn("CURRENT VALUE"),
  ] as const;
  const rows = data.map((conflict) => [
    textCell(conflict.path),
    textCell(conflict.currentVersion),
    textCell(conflict.currentRevision),
    valueCell(conflict.currentValue),
  ]);
  return renderTable(columns, rows, io.stderrIsTerminal === true ? { width: io.columns } : {});
};

const referenceOf = ({ page, document }: Failure): string[] => [
  ...(page === undefined ? [] : [`see ${page}`]),
  ...(document.requestId === undefined ? [] : [`request id ${document.requestId}`]),
];

/** Tells a failure on standard error: for people, or with `json` as its problem document alone. */
export const reportFailure = (io: Io, failure: Failure, json: boolean): void => {
  const { document, hint } = failure;
  if (json) {
    io.stderr.write(`${withoutKeys(printableJson(document))}\n`);
    return;
  }
  const { title, detail, errors } = document;
  const lines = [`error: ${title}${detail === undefined ? "" : `: ${detail}`}`];
  for (const { path, message } of errorsShape.safeParse(errors).data ?? []) {
    // A lone error is often the detail itself.
    if (detail?.includes(message) === true && detail.includes(path)) continue;
    lines.push(path === "" ? `  ${message}` : `  ${path}: ${message}`);
  }
  const reference = referenceOf(failure);
  if (reference.length > 0) lines.push(`  (${reference.join("; ")})`);
  if (hint !== undefined) lines.push(`hint: ${hint}`);
  io.stderr.write(lines.map((line) => `${withoutKeys(printable(line))}\n`).join(""));
  io.stderr.write(conflictTable(document, io));
};
