import { z } from "zod";
import { readVisiblePage } from "../changes/read-visible-page.ts";
import { type Ctx, requireAnyPermission } from "../context.ts";
import { decodeCursor, type Page, type PageInput } from "../platform/page.ts";
import {
  type AuditFilter,
  type AuditRow,
  type ReadRow,
  readAuditRows,
  toShownRow,
} from "./audit-rows.ts";

/** The audit log, newest first; with `after` oldest first, so that a follower can page on. */
export const listAudit = async (
  ctx: Ctx,
  input: AuditFilter & PageInput,
): Promise<Page<AuditRow>> => {
  requireAnyPermission(ctx, "audit.read");
  const page = await readVisiblePage<ReadRow, number>({
    limit: input.limit,
    start: decodeCursor(input.cursor, z.int().positive()),
    positionOf: ({ id }) => id,
    read: (start, count) => readAuditRows(ctx, input, start, count),
    isVisible: ({ isVisible }) => isVisible,
  });
  return { ...page, items: page.items.map(toShownRow) };
};
