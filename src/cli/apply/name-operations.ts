import { Failure, type ProblemDocument } from "../failure.ts";
import type { PlannedOperation } from "./plan-operations.ts";

const renamed = (path: string, planned: readonly PlannedOperation[]): string => {
  const [, index, rest] = /^operations\.(\d+)(?:\.(.*))?$/.exec(path) ?? [];
  const label = index === undefined ? undefined : planned[Number(index)]?.label;
  if (label === undefined) return path;
  return rest === undefined || rest === "value" ? label : `${label}, ${rest}`;
};

const isPlaced = (item: unknown): item is { readonly path: string } =>
  typeof item === "object" && item !== null && "path" in item && typeof item.path === "string";

/** The member of a problem document with its paths renamed, ready to be spread over the document. */
const renamedMember = (
  document: ProblemDocument,
  name: "errors" | "conflicts",
  planned: readonly PlannedOperation[],
): Partial<ProblemDocument> => {
  const list: unknown = document[name];
  if (!Array.isArray(list)) return {};
  const items = list.map((item: unknown) =>
    isPlaced(item) ? Object.assign({}, item, { path: renamed(item.path, planned) }) : item,
  );
  return { [name]: items };
};

const renamedDetail = (
  { detail }: ProblemDocument,
  planned: readonly PlannedOperation[],
): Partial<ProblemDocument> =>
  detail === undefined
    ? {}
    : { detail: detail.replace(/^operations\.\d+(?:\.\w+)*/, (path) => renamed(path, planned)) };

/** Says `orders.yml: server.port (app=orders)` where the server says `operations.3.value`. */
export const nameOperations = (error: unknown, planned: readonly PlannedOperation[]): unknown => {
  if (!(error instanceof Failure)) return error;
  const { document, exitCode, hint, page } = error;
  const members = {
    ...document,
    ...renamedDetail(document, planned),
    ...renamedMember(document, "errors", planned),
    ...renamedMember(document, "conflicts", planned),
  };
  return new Failure(exitCode, members, { hint, page, cause: error });
};
