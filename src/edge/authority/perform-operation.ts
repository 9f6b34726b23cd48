import type { AccessChanges } from "../../access/store/read-access.ts";
import type { CachedHeads, HeadsMove } from "../../layers/cache/layer-cache.ts";
import {
  type Operation,
  type OperationAnswers,
  type SimpleOperation,
  simpleOperationShape,
} from "../operations.ts";
import { moveAccess } from "./access.ts";
import type { AuthoritySql } from "./authority-sql.ts";
import type { Confirmations } from "./confirmations.ts";
import { listDocuments, putParts, readParts, removeDocuments, removeEpoch } from "./documents.ts";
import { beginFill, publishedAccess } from "./fills.ts";
import { moveHeads, readPublishedHeads } from "./heads.ts";
import { stagePart, takeStaged } from "./staged.ts";
import { readState } from "./state.ts";
import { readStatus } from "./status.ts";

type Answer = OperationAnswers[keyof OperationAnswers];

interface Performed {
  readonly answer: Answer;
  /** Whether hubs have something to look at. */
  readonly isNews: boolean;
}

/**
 * Does what a publisher asks for.
 *
 * @throws Problem `INVALID_INPUT`, `TOO_LARGE`
 * @throws ZodError for a staged operation of another shape
 */
export const performOperation = (
  sql: AuthoritySql,
  operation: Operation,
  nowMs: number,
  confirmations: Confirmations,
): Performed => {
  if (operation.op === "stage") {
    stagePart(sql, operation, nowMs);
    return quiet(null);
  }
  if (operation.op === "staged") {
    const text = takeStaged(sql, operation.id, operation.of);
    return performSimple(sql, simpleOperationShape.parse(JSON.parse(text)), confirmations);
  }
  return performSimple(sql, operation, confirmations);
};

const quiet = (answer: Answer): Performed => ({ answer, isNews: false });

const performSimple = (
  sql: AuthoritySql,
  operation: SimpleOperation,
  confirmations: Confirmations,
): Performed => {
  switch (operation.op) {
    case "heads":
      return quiet(tellHeads(readPublishedHeads(sql, operation.layers)));
    case "move": {
      const moved = moveHeads(sql, toMove(operation));
      if (moved) confirmations.moved(readServed(sql));
      return { answer: { moved }, isNews: moved };
    }
    case "put":
      putParts(sql, operation.parts);
      return quiet(null);
    case "read":
      return quiet(readParts(sql, operation.parts).map((part) => part ?? null));
    case "list":
      return quiet(listDocuments(sql, operation.epoch, operation.layer));
    case "remove":
      removeDocuments(sql, operation.names);
      return quiet(null);
    case "removeEpoch":
      removeEpoch(sql, operation.epoch);
      return quiet(null);
    case "access": {
      const changes = operation.changes as AccessChanges;
      const { moved, point } = moveAccess(sql, { from: operation.from ?? undefined, changes });
      if (moved) confirmations.moved(readServed(sql));
      return { answer: { moved, point: point ?? null }, isNews: moved };
    }
    case "confirm": {
      const mark = confirmations.take(operation, readServed(sql));
      return quiet({ access: publishedAccess(sql) ?? null, mark });
    }
    case "status":
      return quiet(readStatus(sql));
    case "reset":
      beginFill(sql);
      return quiet(null);
    default:
      return impossible(operation);
  }
};

/** The compiler knows that there is no other one. */
const impossible = (operation: never): never => {
  throw new Error(`not an operation: ${JSON.stringify(operation)}`);
};

const readServed = (sql: AuthoritySql) => ({
  point: readState(sql, "point"),
  access: readState(sql, "access"),
});

const tellHeads = (found: CachedHeads | undefined): OperationAnswers["heads"] =>
  found === undefined ? null : { ...found, heads: found.heads.map((head) => head ?? null) };

const toMove = ({
  from,
  heads,
  isWhole,
  names,
  run,
  to,
}: Extract<SimpleOperation, { op: "move" }>): HeadsMove => ({
  from: from ?? undefined,
  to,
  heads,
  isWhole,
  ...(names === null ? {} : { names }),
  // Its values are JSON, since they came as such.
  ...(run === null ? {} : { run: run as NonNullable<HeadsMove["run"]> }),
});
