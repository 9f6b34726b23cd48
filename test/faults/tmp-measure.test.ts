import { test } from "vitest";
import { setTimeout as sleep } from "node:timers/promises";
import { connectSql } from "../../src/platform/sql.ts";
import { commit, put } from "../helpers/change-sets.ts";
import { startRestartablePostgres } from "../helpers/restartable-postgres.ts";
import { createTestContext } from "../helpers/test-context.ts";
test("measure", async () => {
  const pg = await startRestartablePostgres();
  const sql = connectSql(pg.url, { max: 10 });
  const ctx = createTestContext(sql);
  for (let i = 0; i < 20; i += 1) await Promise.all(Array.from({ length: 20 }, (_, c) => commit(ctx, put(`k${c}`, i))));
  await pg.stop("immediate");
  const began = performance.now();
  for (let i = 0; i < 60 && performance.now() - began < 25_000; i += 1) {
    const at = performance.now();
    const [r] = await Promise.allSettled([commit(ctx, put("x", i))]);
    console.log("down", i, Math.round(performance.now() - at), r.status === "rejected" ? (r.reason.code ?? r.reason) + " " + (r.reason.cause?.code) : r.value.revision);
    await sleep(100);
  }
  await pg.start();
  for (let i = 0; i < 10; i += 1) {
    const at = performance.now();
    const [r] = await Promise.allSettled([commit(ctx, put("x", i))]);
    console.log("up", i, Math.round(performance.now() - at), r.status === "rejected" ? r.reason.code ?? r.reason : r.value.revision);
  }
  await sql.end({ timeout: 1 });
  await pg.remove();
}, 120_000);
