import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { Argument } from "commander";
import type { EntryKind } from "../../../oscal/entries.ts";
import { exportDocument } from "../../../oscal/export/export-document.ts";
import { importedModels, type Model } from "../../../oscal/oscal-document.ts";
import type { JsonObject } from "../../../platform/json.ts";
import { type Registration, repeatable, runs, withExamples } from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { usageFailure } from "../../failure.ts";
import { chooseDocument } from "../../oscal/choose-document.ts";
import { exportResults } from "../../oscal/export-results.ts";
import { readStoredEntries } from "../../oscal/read-stored-entries.ts";
import { printJson, printRemark } from "../../print.ts";
import type { Session } from "../../session.ts";

interface ExportOptions {
  readonly name?: string;
  readonly attestation?: readonly string[];
  readonly output?: string;
}

const kindsOfModel: Readonly<Record<Exclude<Model, "assessment-results">, readonly EntryKind[]>> = {
  catalog: ["oscal", "control"],
  "component-definition": ["oscal", "component"],
  "assessment-plan": ["oscal", "component", "assessment"],
};

const readDocument = async (
  session: Session,
  model: Model,
  { attestation, name }: ExportOptions,
): Promise<JsonObject> => {
  if (model === "assessment-results") return exportResults(session, { attestation, plan: name });
  if (attestation !== undefined) throw usageFailure("--attestation is for assessment-results.");
  const { entries } = await readStoredEntries(session, kindsOfModel[model]);
  const chosen = chooseDocument(entries, model, name);
  return exportDocument(chosen, entries) ?? {};
};

const write = async (session: Session, path: string, document: JsonObject): Promise<void> => {
  try {
    await writeFile(resolve(session.io.cwd, path), `${JSON.stringify(document, null, 2)}\n`);
  } catch (error) {
    const reason = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw usageFailure(`${path} cannot be written (${reason}).`);
  }
  if (session.json) printJson(session, { output: path });
  else printRemark(session, `Wrote ${path}.`);
};

const exportModel = async (
  session: Session,
  model: Model,
  options: ExportOptions,
): Promise<ExitCode> => {
  const document = await readDocument(session, model, options);
  if (options.output === undefined) printJson(session, document);
  else await write(session, options.output, document);
  return exitCodes.ok;
};

export const addOscalExportCommand = (registration: Registration): void => {
  const models = [...importedModels, "assessment-results"];
  const command = registration.program
    .command("export")
    .summary("write an OSCAL document")
    .description(
      "Writes a document that was imported, with all that was changed since, or the accepted results " +
        "of job specs as assessment-results. See docs/job-specs.md for what differs.",
    )
    .addArgument(new Argument("<model>", "what to export").choices(models))
    .option("--name <name>", "the document; of results, the assessment plan that they are for")
    .addOption(
      repeatable("--attestation <key>", "only results for this attestation (default: all)"),
    )
    .option("-o, --output <file>", "write to this file in place of standard output");
  withExamples(command, [
    "oscal export catalog --name nist-800-53-low --output catalog.json",
    "oscal export assessment-results --attestation least-privilege",
  ]);
  command.action(runs(registration, command, exportModel));
};
