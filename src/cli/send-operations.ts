import { namePlaces } from "./name-places.ts";
import { showProgress } from "./print.ts";
import { sendRequest } from "./send-request.ts";
import type { Session } from "./session.ts";
import { type ChangeResult, changeResultShape } from "./shapes.ts";

interface LabelledOperation {
  readonly operation: object;
  /** What messages call it: where it comes from. */
  readonly label: string;
}

const nothing: ChangeResult = { changes: [], effective: [] };

/** Sends operations as one change set; what is refused is told by where each comes from. */
export const sendOperations = async (
  session: Session,
  planned: readonly LabelledOperation[],
  members: Readonly<Record<string, unknown>>,
): Promise<ChangeResult> => {
  if (planned.length === 0) return nothing;
  showProgress(session, `sending ${planned.length} operations…`);
  try {
    const { body } = await sendRequest(session, {
      method: "POST",
      path: "v1/changes",
      body: { ...members, operations: planned.map(({ operation }) => operation) },
      shape: changeResultShape,
    });
    return body;
  } catch (error) {
    const labels = planned.map(({ label }) => label);
    throw namePlaces(error, "operations", labels);
  } finally {
    showProgress(session, "");
  }
};
