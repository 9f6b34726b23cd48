import { type Ctx, requireAnyPermission } from "../context.ts";
import { type AuditFilter, readAuditRows, toShownRow } from "./audit-rows.ts";

const batchSize = 500;

/**
 * The audit log as newline-delimited JSON, a row a line, oldest first. Rows are read as they are sent,
 * so an export of any length needs little memory; one that breaks off can go on `after` its last id.
 */
export const exportAudit = (ctx: Ctx, filter: AuditFilter): ReadableStream<Uint8Array> => {
  requireAnyPermission(ctx, "audit.read");
  const encoder = new TextEncoder();
  // From the beginning, where the filter has no other: that makes the order oldest first.
  const forward = { ...filter, after: filter.after ?? 0 };
  let start: number | undefined;
  return new ReadableStream({
    async pull(controller) {
      const rows = await readAuditRows(ctx, forward, start, batchSize);
      start = rows.at(-1)?.id;
      const lines = rows
        .filter(({ isVisible }) => isVisible)
        .map((row) => `${JSON.stringify(toShownRow(row))}\n`);
      if (lines.length > 0) controller.enqueue(encoder.encode(lines.join("")));
      if (rows.length < batchSize) controller.close();
      else if (lines.length === 0) await this.pull?.(controller);
    },
  });
};
