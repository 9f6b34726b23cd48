import { basename, extname } from "node:path";
import { documentNamePattern } from "../../oscal/oscal-document.ts";
import { refusal, usageFailure } from "../failure.ts";

/** What a document is called: as was asked for, else as its file without the extension. */
export const documentName = (path: string, given: string | undefined): string => {
  if (given !== undefined) {
    if (documentNamePattern.test(given)) return given;
    throw refusal(
      "--name",
      `"${given}" is no name for a document; it must match ${documentNamePattern.source}`,
    );
  }
  const name = basename(path, extname(path))
    .replaceAll(/[^A-Za-z0-9._-]+/g, "-")
    .replace(/^[._-]+/, "");
  if (documentNamePattern.test(name)) return name;
  throw usageFailure(`The file ${path} gives the document no name: --name does.`);
};
