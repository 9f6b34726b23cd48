import { catalogue } from "../../../errors.ts";
import type { EntryKind } from "../../../oscal/entries.ts";
import {
  type ImportResult,
  importDocument,
  prefixOfDocument,
} from "../../../oscal/import/import-document.ts";
import {
  type ImportedModel,
  type OscalDocument,
  prefixPattern,
} from "../../../oscal/oscal-document.ts";
import {
  type Registration,
  repeatable,
  runs,
  type WriteOptions,
  withExamples,
  withWriteOptions,
  writeMembers,
} from "../../define-command.ts";
import { type ExitCode, exitCodes } from "../../exit-codes.ts";
import { asFailure, Failure, refusal, usageFailure } from "../../failure.ts";
import { documentName } from "../../oscal/document-name.ts";
import { planImport } from "../../oscal/plan-import.ts";
import { readOscalFile } from "../../oscal/read-oscal-file.ts";
import { readStoredEntries } from "../../oscal/read-stored-entries.ts";
import { reportImport } from "../../oscal/report-import.ts";
import { sendOperations } from "../../send-operations.ts";
import type { Session } from "../../session.ts";

interface ImportFileOptions extends WriteOptions {
  readonly name?: string;
  readonly prefix?: string;
  readonly component?: readonly string[];
  readonly replace?: boolean;
  readonly allowMissingControls?: boolean;
}

/** The kinds that an import of a model has to know. */
const kindsOfModel = {
  catalog: ["oscal", "control"],
  "component-definition": ["oscal", "control", "component"],
  "assessment-plan": ["oscal", "component", "assessment"],
} as const satisfies Record<ImportedModel, readonly EntryKind[]>;

const mostNamed = 20;
const refuseMissing = (path: string, missing: ImportResult["missingControls"]): Failure => {
  const count = `${missing.length} ${missing.length === 1 ? "control" : "controls"}`;
  const errors = missing.slice(0, mostNamed).map(({ key, place }) => ({
    path: place,
    message: `the control ${key} does not exist`,
  }));
  const more = missing.length > errors.length ? `; the first ${errors.length} are` : "";
  return new Failure(
    exitCodes.refused,
    {
      title: catalogue.UNPROCESSABLE.title,
      detail: `${path} names ${count} that are not stored${more}:`,
      code: "UNPROCESSABLE",
      errors,
    },
    {
      hint: "Import their catalog first, with the same --prefix, or leave them out with --allow-missing-controls: they are kept for the export.",
    },
  );
};

const leftOutRemark = (missing: ImportResult["missingControls"]): string[] => {
  if (missing.length === 0) return [];
  const named = missing.slice(0, mostNamed).map(({ key }) => key);
  const more = missing.length > named.length ? ` and ${missing.length - named.length} more` : "";
  return [`left out, since these controls do not exist: ${named.join(", ")}${more}`];
};

const leftOverRemark = ({ leftOver }: ImportResult): string[] => {
  const [first] = leftOver;
  if (first === undefined) return [];
  const count = `${leftOver.length} stored ${leftOver.length === 1 ? "entry" : "entries"}`;
  return [
    `${count} of the document, such as ${first.kind} ${first.key}, are not in the file; --replace deletes them`,
  ];
};

const mapDocument = (
  path: string,
  document: OscalDocument,
  options: Parameters<typeof importDocument>[1],
): ImportResult => {
  try {
    return importDocument(document, options);
  } catch (error) {
    throw asFailure(error, path);
  }
};

const checkOptions = ({ model }: OscalDocument, options: ImportFileOptions): void => {
  if (!prefixPattern.test(options.prefix ?? "")) {
    throw refusal("--prefix", `no key can begin so; it must match ${prefixPattern.source}`);
  }
  if (options.component !== undefined && model !== "assessment-plan") {
    throw usageFailure(`--component is for assessment plans; this is a ${model}.`);
  }
  if (options.allowMissingControls === true && model !== "component-definition") {
    throw usageFailure(
      `--allow-missing-controls is for component definitions; this is a ${model}.`,
    );
  }
};

const importFile = async (
  session: Session,
  path: string,
  options: ImportFileOptions,
): Promise<ExitCode> => {
  const name = documentName(path, options.name);
  const document = await readOscalFile(session, path);
  checkOptions(document, options);
  const { model } = document;
  const stored = await readStoredEntries(session, kindsOfModel[model]);
  const result = mapDocument(path, document, {
    name,
    prefix: options.prefix ?? prefixOfDocument(name, stored.entries) ?? "",
    stored: stored.entries,
    ...(options.component === undefined ? {} : { components: options.component }),
  });
  const { missingControls } = result;
  if (missingControls.length > 0 && options.allowMissingControls !== true) {
    throw refuseMissing(path, missingControls);
  }
  const isReplaced = options.replace === true;
  const { kinds, planned } = planImport(result, stored, isReplaced);
  const answer = await sendOperations(
    session,
    planned,
    writeMembers(options, `Import ${path} (OSCAL ${model})`),
  );
  const remarks = [
    ...result.remarks,
    ...leftOutRemark(missingControls),
    ...(isReplaced ? [] : leftOverRemark(result)),
  ];
  const dryRun = options.dryRun === true;
  reportImport(session, { document: name, model, dryRun, result: answer, kinds, remarks });
  return exitCodes.ok;
};

export const addOscalImportCommand = (registration: Registration): void => {
  const command = registration.program
    .command("import")
    .summary("commit an OSCAL document as one change set")
    .description(
      "Commits a catalog, a component definition or an assessment plan as one change set. A catalog " +
        "becomes an entry of kind control for each of its controls, a component definition one of kind " +
        "component for each of its components, an assessment plan one of kind assessment. What belongs " +
        "to no entry is kept in entries of kind oscal, so that an export is equal. See docs/job-specs.md.",
    )
    .argument("<file>", "an OSCAL document as JSON")
    .option("--name <name>", "what the document is called (default: as the file)")
    .option(
      "--prefix <prefix>",
      "put before the keys of its entries, and of the controls that it names (default: as before)",
    )
    .addOption(repeatable("--component <key>", "a component that the assessment plan examines"))
    .option("--replace", "also delete the document's entries that the file no longer has")
    .option("--allow-missing-controls", "leave out what a component implements and is not stored");
  withWriteOptions(command);
  withExamples(command, [
    "oscal import nist-800-53-low.json --dry-run",
    "oscal import mongodb.json --allow-missing-controls -m 'components of the database'",
    "oscal import plan.json --component mongodb",
  ]);
  command.action(runs(registration, command, importFile));
};
