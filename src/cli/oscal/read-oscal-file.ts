import { catalogue, type FieldError } from "../../errors.ts";
import type { OscalDocument } from "../../oscal/oscal-document.ts";
import { readOscal } from "../../oscal/read-oscal.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure, refusal } from "../failure.ts";
import { showProgress } from "../print.ts";
import { readDocumentFile } from "../read-document-file.ts";
import type { Session } from "../session.ts";

const refuse = (path: string, errors: readonly FieldError[]): Failure => {
  const [first] = errors;
  const detail =
    errors.length === 1 && first !== undefined
      ? `${path} is no valid OSCAL: ${first.path === "" ? "" : `${first.path}: `}${first.message}`
      : `${path} is no valid OSCAL; the first ${errors.length} errors are:`;
  return new Failure(exitCodes.refused, {
    title: catalogue.INVALID_INPUT.title,
    detail,
    code: "INVALID_INPUT",
    errors,
  });
};

/** The one document of OSCAL that a file holds, as JSON or, by another name than `.json`, as YAML. */
export const readOscalFile = async (session: Session, path: string): Promise<OscalDocument> => {
  showProgress(session, `reading ${path}…`);
  const documents = await readDocumentFile(session.io.cwd, path);
  showProgress(session, "");
  const [document] = documents;
  if (documents.length !== 1) throw refusal(path, `holds ${documents.length} documents, not one.`);
  const read = readOscal(document);
  if ("errors" in read) throw refuse(path, read.errors);
  return read.document;
};
