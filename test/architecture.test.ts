import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  filesStaySmall,
  importsPointDown,
  onlyChangesWriteEntries,
  onlyTheEdgesNameNode,
  onlyTheEdgesReadTheEnvironment,
  onlyTheEdgesStartPostgres,
  type Rule,
  slicesHaveNoCycle,
  theAppRunsEverywhere,
  theProductNeedsNoTests,
} from "./architecture/rules.ts";
import { importsOf, readSources } from "./architecture/source.ts";

const sources = await readSources(join(import.meta.dirname, ".."));

test("the scan sees the code base", () => {
  const paths = sources.map(({ path }) => path);
  expect(paths).toContain("src/errors.ts");
  expect(paths).toContain("test/architecture.test.ts");
  const scanned = sources.find(({ path }) => path === "test/architecture/rules.ts");
  expect(scanned && importsOf(scanned)).toEqual([
    { target: "test/architecture/source.ts", isRelative: true, isType: false },
  ]);
});

test("the scan sees every form of import", () => {
  const text = `
import { a,
  b } from "./one.ts";
import type { C } from "./two.ts";
import { type D, type E } from "./three.ts";
import { type F, g } from "./four.ts";
import "./five.ts";
import * as h from "node:fs/promises";
export * from "./six.ts";
export type { I } from "../seven.ts";
const later = await import("./eight.ts");
const text = "from"; export const from = ["./nine.ts"];
// import "./ten.ts";
`;
  const seen = importsOf({ path: "src/x/file.ts", text });
  expect(seen.map(({ target, isType }) => `${target}${isType ? " type" : ""}`)).toEqual([
    "src/x/one.ts",
    "src/x/two.ts type",
    "src/x/three.ts type",
    "src/x/four.ts",
    "node:fs/promises",
    "src/x/six.ts",
    "src/seven.ts type",
    "src/x/five.ts",
    "src/x/eight.ts",
  ]);
});

interface Planted {
  readonly name: string;
  readonly rule: Rule;
  /** Each of these sets of files breaks the rule. */
  readonly violations: readonly Readonly<Record<string, string>>[];
  /** This set of files, close to a violation, does not. */
  readonly allowed: Readonly<Record<string, string>>;
}

const planted: readonly Planted[] = [
  {
    name: "imports point down",
    rule: importsPointDown,
    violations: [
      { "src/errors.ts": 'import { json } from "./platform/json.ts";' },
      { "src/platform/sql.ts": 'import { problem } from "../http/problem.ts";' },
      { "src/platform/sql.ts": 'import type { Ctx } from "../context.ts";' },
      { "src/context.ts": 'import { resolve } from "./layers/resolve.ts";' },
      { "src/http/auth.ts": 'import { load } from "../layers/load.ts";' },
      { "src/layers/load.ts": 'import { commit } from "../changes/commit-change-set.ts";' },
      { "src/outbox/append.ts": 'export * from "../changes/commit-change-set.ts";' },
      { "src/changes/kind.ts": 'import { config } from "../configs/kind.ts";' },
      { "src/configs/get-config.ts": 'import { createApp } from "../app.ts";' },
      { "src/app.ts": 'const start = await import("./entry/node.ts");' },
      { "src/app.ts": 'import { run } from "../workers/main.ts";' },
      { "src/stray.ts": "export const x = 1;" },
    ],
    allowed: {
      "src/entry/node.ts":
        'import { createApp } from "../app.ts";\nimport "../../workers/main.ts";',
      "src/app.ts": 'import { routes } from "./configs/routes.ts";',
      "src/configs/routes.ts": 'import { route } from "../http/route.ts";\nimport "../flags/x.ts";',
      "src/changes/routes.ts": 'import { route } from "../http/route.ts";',
      "src/layers/load.ts": 'import { read } from "../outbox/read.ts";',
      "src/http/route.ts": 'import type { Ctx } from "../context.ts";',
      "src/context.ts": 'import type { Kind } from "./changes/kind.ts";',
      "src/platform/sql.ts": 'import { Problem } from "../errors.ts";',
      "src/layers/load.test.ts": 'import { commit } from "../changes/commit-change-set.ts";',
    },
  },
  {
    name: "slices have no cycle",
    rule: slicesHaveNoCycle,
    violations: [
      {
        "src/flags/a.ts": 'import { b } from "../rollouts/b.ts";',
        "src/rollouts/c.ts": 'import { d } from "../audit/d.ts";',
        "src/audit/d.ts": 'import type { A } from "../flags/a.ts";',
      },
      {
        "src/layers/a.ts": 'import { b } from "../outbox/b.ts";',
        "src/outbox/c.ts": 'import { d } from "../layers/d.ts";',
      },
    ],
    allowed: {
      "src/flags/a.ts": 'import { b } from "../rollouts/b.ts";',
      "src/rollouts/c.ts": 'import { d } from "../audit/d.ts";',
      "src/rollouts/e.ts": 'import { c } from "./c.ts";',
      "src/context.ts": 'import type { Kind } from "./changes/kind.ts";',
      "src/changes/kind.ts": 'import type { Ctx } from "../context.ts";',
    },
  },
  {
    name: "only changes write entries",
    rule: onlyChangesWriteEntries,
    violations: [
      { "src/configs/set.ts": "sql`insert into fairlead.entries (key) values (1)`" },
      { "src/layers/set.ts": "sql`update fairlead.entries\n set key = 1`" },
      { "workers/sweep.ts": "sql`DELETE FROM only fairlead.entry_versions`" },
      { "src/app.ts": 'sql`insert\n  into "fairlead"."entry_versions" values (1)`' },
      { "src/outbox/trim.ts": "sql`truncate fairlead.entry_versions_3`" },
      { "src/http/x.ts": "sql`with x as (delete from entries returning key) select 1`" },
    ],
    allowed: {
      "src/changes/write.ts": "sql`insert into fairlead.entries (key) values (1)`",
      "src/layers/load.ts": "sql`select key from fairlead.entries for update`",
      "src/layers/count.ts": "sql`update fairlead.entries_seen set n = 1`",
      "src/layers/say.ts": "// nobody may update fairlead.entries here",
      "src/layers/load.test.ts": "sql`delete from fairlead.entries`",
    },
  },
  {
    name: "only the edges name Node's modules",
    rule: onlyTheEdgesNameNode,
    violations: [
      { "src/changes/x.ts": 'import { readFile } from "node:fs/promises";' },
      { "src/app.ts": 'import "node:process";' },
      { "src/configs/x.ts": 'const fs = await import("node:fs");' },
    ],
    allowed: {
      "src/platform/x.ts": 'import { readFile } from "node:fs/promises";',
      "src/cli/x.ts": 'import { readFile } from "node:fs/promises";',
      "src/entry/x.ts": 'import { readFile } from "node:fs/promises";',
      "src/changes/x.ts": 'import { createHash } from "node:crypto";',
      "src/changes/y.ts": 'import { Buffer } from "node:buffer";',
      "src/changes/x.test.ts": 'import { readFile } from "node:fs/promises";',
    },
  },
  {
    name: "the app runs everywhere",
    rule: theAppRunsEverywhere,
    violations: [
      { "src/app.ts": 'import { serve } from "@hono/node-server";' },
      {
        "src/app.ts": 'import { a } from "./configs/a.ts";',
        "src/configs/a.ts": 'import { b } from "../platform/b.ts";',
        "src/platform/b.ts": 'import { readFile } from "node:fs/promises";',
      },
      { "src/entry/edge.ts": 'import PgBoss from "pg-boss";' },
    ],
    allowed: {
      "src/app.ts": 'import { a } from "./configs/a.ts";',
      "src/configs/a.ts": 'import type { B } from "../platform/b.ts";',
      "src/platform/b.ts": 'import { readFile } from "node:fs/promises";',
      "src/entry/node.ts": 'import { serve } from "@hono/node-server";',
    },
  },
  {
    name: "only the edges read the environment",
    rule: onlyTheEdgesReadTheEnvironment,
    violations: [
      { "src/app.ts": "const port = process.env.PORT;" },
      { "src/platform/log.ts": 'const level = Deno.env.get("LEVEL");' },
      { "vitest.ts": 'const level = process.env["LEVEL"];' },
    ],
    allowed: {
      "src/entry/node.ts": "start(process.env);",
      "src/cli/main.ts": "start(process.env);",
      "workers/main.ts": "start(process.env);",
      "src/platform/settings.ts": "// read from process.env by the entries",
    },
  },
  {
    name: "only the edges start PostgreSQL",
    rule: onlyTheEdgesStartPostgres,
    violations: [
      { "src/app.ts": 'import { start } from "./platform/embedded-postgres.ts";' },
      { "workers/main.ts": 'import { s } from "../src/platform/embedded-postgres/server.ts";' },
    ],
    allowed: {
      "src/entry/node.ts": 'import { start } from "../platform/embedded-postgres.ts";',
      "src/platform/embedded-postgres.ts": 'import { s } from "./embedded-postgres/server.ts";',
      "bench/x.ts": 'import { start } from "../src/platform/embedded-postgres.ts";',
    },
  },
  {
    name: "the product needs no tests",
    rule: theProductNeedsNoTests,
    violations: [{ "src/app.ts": 'import { x } from "../test/helpers/x.ts";' }],
    allowed: { "src/app.test.ts": 'import { x } from "../test/helpers/x.ts";' },
  },
  {
    name: "files stay small",
    rule: filesStaySmall,
    violations: [{ "src/app.ts": "x;\n".repeat(401) }, { "src/app.test.ts": "x;\n".repeat(401) }],
    allowed: { "src/app.ts": "x;\n".repeat(400) },
  },
];

const toSources = (files: Readonly<Record<string, string>>) =>
  Object.entries(files).map(([path, text]) => ({ path, text }));

describe.each(planted)("$name", ({ rule, violations, allowed }) => {
  test("holds in this code base", () => {
    expect(rule(sources)).toEqual([]);
  });

  test.each(violations.map((files) => [Object.keys(files).join(", "), files] as const))(
    "not where a violation is planted in %s",
    (_, files) => {
      expect(rule(toSources(files))).not.toEqual([]);
    },
  );

  test("and in what is close to a violation", () => {
    expect(rule(toSources(allowed))).toEqual([]);
  });
});
