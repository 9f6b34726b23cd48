import { type Registration, withExamples } from "../define-command.ts";
import { addOscalExportCommand } from "./oscal/export.ts";
import { addOscalImportCommand } from "./oscal/import.ts";

export const addOscalCommands = (registration: Registration): void => {
  const program = registration.program
    .command("oscal")
    .summary("import and export OSCAL documents")
    .description(
      "Imports catalogs, component definitions and assessment plans of OSCAL (JSON) as controls, " +
        "components and assessments, and exports them again, with the results of job specs.",
    );
  withExamples(program, ["oscal import catalog.json", "oscal export catalog --name catalog"]);
  const under = { ...registration, program };
  addOscalImportCommand(under);
  addOscalExportCommand(under);
};
