import { collectSources } from "../apply/collect-sources.ts";
import {
  createEnvironments,
  findMissingEnvironments,
  refuseMissing,
} from "../apply/create-environments.ts";
import { findSurplus } from "../apply/find-surplus.ts";
import { planOperations } from "../apply/plan-operations.ts";
import { type Layer, readLayers } from "../apply/read-layers.ts";
import { reportApply } from "../apply/report-apply.ts";
import { summarise } from "../apply/summarise.ts";
import {
  type Registration,
  runs,
  type ScopeOptions,
  type WriteOptions,
  withExamples,
  withScope,
  withWriteOptions,
  writeMembers,
} from "../define-command.ts";
import { type ExitCode, exitCodes } from "../exit-codes.ts";
import { printRemark, showProgress } from "../print.ts";
import { sendOperations } from "../send-operations.ts";
import type { Session } from "../session.ts";

interface ApplyOptions extends ScopeOptions, WriteOptions {
  readonly replace?: boolean;
  readonly createEnvironments?: boolean;
}

interface Plan {
  readonly layers: readonly Layer[];
  readonly remarks: readonly string[];
}

const readPlan = async (
  session: Session,
  paths: readonly string[],
  options: ApplyOptions,
): Promise<Plan> => {
  const { cwd } = session.io;
  const { sources, remarks } = await collectSources(cwd, paths, options);
  showProgress(session, `reading ${sources.length} files…`);
  const { layers, remarks: more } = await readLayers(cwd, sources);
  showProgress(session, "");
  return { layers, remarks: [...remarks, ...more] };
};

/** Creates what is missing as late as possible: everything on this side has been checked by then. */
const createMissing = async (
  session: Session,
  missing: Awaited<ReturnType<typeof findMissingEnvironments>>,
): Promise<void> => {
  if (missing.names.length === 0) return;
  await createEnvironments(session, missing);
  printRemark(session, `note: created the environments ${missing.names.join(", ")}`);
};

const apply = async (
  session: Session,
  paths: readonly string[],
  options: ApplyOptions,
): Promise<ExitCode> => {
  const dryRun = options.dryRun === true;
  const { layers, remarks } = await readPlan(session, paths, options);
  for (const remark of remarks) printRemark(session, remark);
  // Before the server is asked anything: a plan that is too large fails at once.
  planOperations(layers, []);
  const missing = await findMissingEnvironments(session, layers);
  if (missing.names.length > 0 && options.createEnvironments !== true) throw refuseMissing(missing);
  const created = new Set(missing.names);
  const existing = layers.filter(({ environment }) => !created.has(environment ?? ""));
  const surplus = options.replace === true ? await findSurplus(session, existing) : undefined;
  showProgress(session, "");
  const planned = planOperations(dryRun ? existing : layers, surplus?.entries ?? []);
  if (!dryRun) await createMissing(session, missing);
  const result = await sendOperations(session, planned, {
    ...writeMembers(options, `Apply ${paths.join(", ")}`),
    ...(surplus === undefined ? {} : { expectedRevision: surplus.revision }),
  });
  reportApply(session, {
    dryRun,
    result,
    layers: summarise(layers, result.changes, dryRun ? created : new Set()),
    remarks,
    environments: missing.names,
  });
  return exitCodes.ok;
};

export const addApplyCommand = (registration: Registration): void => {
  const command = registration.program
    .command("apply")
    .summary("commit files, or a folder of them, as one change set")
    .description(
      "Commits YAML and JSON files as one change set: all of it or nothing. Nested maps become " +
        "dotted keys. In a folder, application.yml is for all apps, and every other file for the app " +
        "that it is named after. A document with spring.config.activate.on-profile goes to the " +
        "environment of that name. See docs/import-spring.md.",
    )
    .argument("<path...>", "files or folders")
    .option("--replace", "also delete the keys of these layers that the files do not name")
    .option("--create-environments", "create the environments that do not exist yet");
  withScope(command, "into the layer");
  withWriteOptions(command);
  withExamples(command, [
    "apply payments.yml --app payments --environment production --dry-run",
    "apply payments.yml --app payments --environment production -m 'release 42'",
    "apply ./config --create-environments",
    "apply ./config --replace --dry-run --json",
  ]);
  command.action(runs(registration, command, apply));
};
