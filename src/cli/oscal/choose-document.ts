import { catalogue } from "../../errors.ts";
import type { Entries } from "../../oscal/entries.ts";
import type { ImportedModel } from "../../oscal/oscal-document.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure, usageFailure } from "../failure.ts";

const notFound = (detail: string): Failure =>
  new Failure(exitCodes.notFound, {
    title: catalogue.NOT_FOUND.title,
    detail,
    code: "NOT_FOUND",
  });

/** The document of that name, or without one the only document of its model. */
export const chooseDocument = (
  { oscal }: Entries,
  model: ImportedModel,
  name: string | undefined,
): string => {
  // Further parts of a document have a colon in their keys.
  const names = [...oscal]
    .filter(([key, value]) => value["model"] === model && !key.includes(":"))
    .map(([key]) => key);
  const [only] = names;
  if (name !== undefined) {
    if (names.includes(name)) return name;
    throw notFound(`There is no ${model} called ${name}.`);
  }
  if (only === undefined) throw notFound(`No ${model} was imported.`);
  if (names.length === 1) return only;
  throw usageFailure(`--name is wanted: there are the documents ${names.join(", ")}.`);
};
