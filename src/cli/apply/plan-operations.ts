import { catalogue } from "../../errors.ts";
import type { Json } from "../../platform/json.ts";
import { exitCodes } from "../exit-codes.ts";
import { Failure } from "../failure.ts";
import { type Scope, scopeMembers, scopeName } from "../scope.ts";
import type { Surplus } from "./find-surplus.ts";
import type { Layer } from "./read-layers.ts";

export interface PlannedOperation {
  readonly operation: {
    readonly op: "put" | "delete";
    readonly kind: "config";
    readonly app?: string;
    readonly environment?: string;
    readonly key: string;
    readonly value?: Json;
  };
  /** How a message names it: the file and document, the key and its layer. */
  readonly label: string;
}

/** What one change set may hold, by the server's default. */
const mostOperations = 10_000;

const labelOf = (key: string, scope: Scope, origin?: string): string =>
  `${origin === undefined ? "" : `${origin}: `}${key} (${scopeName(scope)})`;

/** The puts of all layers, then the deletes of what the files no longer name. */
export const planOperations = (
  layers: readonly Layer[],
  surplus: Surplus["entries"],
): PlannedOperation[] => {
  const planned: PlannedOperation[] = [];
  for (const layer of layers) {
    const scope = { kind: "config", ...scopeMembers(layer) } as const;
    for (const [key, { value, origin }] of layer.settings) {
      planned.push({
        operation: { op: "put", ...scope, key, value },
        label: labelOf(key, layer, origin),
      });
    }
  }
  for (const entry of surplus) {
    planned.push({
      operation: { op: "delete", kind: "config", ...scopeMembers(entry), key: entry.key },
      label: labelOf(entry.key, entry),
    });
  }
  if (planned.length > mostOperations) throw tooMany(planned.length);
  return planned;
};

const tooMany = (count: number): Failure =>
  new Failure(exitCodes.refused, {
    title: catalogue.TOO_LARGE.title,
    detail: `These files make ${count} operations; one change set holds ${mostOperations} at most. Apply fewer files at a time.`,
    code: "TOO_LARGE",
  });
