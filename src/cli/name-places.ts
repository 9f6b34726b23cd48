import { Failure, type ProblemDocument } from "./failure.ts";

const renamed = (path: string, list: string, labels: readonly string[]): string => {
  const [, index, rest] = new RegExp(`^${list}\\.(\\d+)(?:\\.(.*))?$`).exec(path) ?? [];
  const label = index === undefined ? undefined : labels[Number(index)];
  if (label === undefined) return path;
  return rest === undefined || rest === "value" ? label : `${label}, ${rest}`;
};

const isPlaced = (item: unknown): item is { readonly path: string } =>
  typeof item === "object" && item !== null && "path" in item && typeof item.path === "string";

/**
 * Says where an error is in the words of the command line: with the list `operations`,
 * `orders.yml: server.port (app=orders)` in place of the server's `operations.3.value`.
 * @param labels a name for each item that was sent in `list`
 */
export const namePlaces = (
  error: unknown,
  list: "operations" | "grants",
  labels: readonly string[],
): unknown => {
  if (!(error instanceof Failure)) return error;
  const { document, exitCode, hint, page } = error;
  /** A member of the document with its paths renamed, ready to be spread over the document. */
  const member = (name: "errors" | "conflicts"): Partial<ProblemDocument> => {
    const items: unknown = document[name];
    if (!Array.isArray(items)) return {};
    const named = items.map((item: unknown) =>
      isPlaced(item) ? Object.assign({}, item, { path: renamed(item.path, list, labels) }) : item,
    );
    return { [name]: named };
  };
  const place = new RegExp(`^${list}\\.\\d+(?:\\.\\w+)*`);
  const detail = document.detail?.replace(place, (path) => renamed(path, list, labels));
  const members = {
    ...document,
    ...(detail === undefined ? {} : { detail }),
    ...member("errors"),
    ...member("conflicts"),
  };
  return new Failure(exitCode, members, { hint, page, cause: error });
};
