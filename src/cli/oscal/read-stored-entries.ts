import { z } from "zod";
import type { Entries, EntryKind } from "../../oscal/entries.ts";
import type { JsonObject } from "../../platform/json.ts";
import { whoamiShape } from "../access-shapes.ts";
import { usageFailure } from "../failure.ts";
import { listItems } from "../list-items.ts";
import { showProgress } from "../print.ts";
import { sendRequest } from "../send-request.ts";
import type { Session } from "../session.ts";

const storedShape = z.looseObject({
  key: z.string(),
  version: z.number(),
  value: z.custom<JsonObject>((value) => z.looseObject({}).safeParse(value).success),
});

export interface StoredEntries {
  readonly entries: Entries;
  /** By kind and key, as in `control/ac-1`. */
  readonly versions: ReadonlyMap<string, number>;
}

export const placeOfEntry = (kind: EntryKind, key: string): string => `${kind}/${key}`;

/** A key that defaults to a scope is shown that scope's entries, where definitions never are. */
const requireNoDefaults = async (session: Session): Promise<void> => {
  const { body } = await sendRequest(session, { path: "v1/whoami", shape: whoamiShape });
  if (body.defaults?.app == null && body.defaults?.environment == null) return;
  throw usageFailure(
    "This API key has a default app or environment, and compliance definitions are global: use a key without defaults.",
  );
};

/** All entries of these kinds; the other kinds are empty. */
export const readStoredEntries = async (
  session: Session,
  kinds: readonly EntryKind[],
): Promise<StoredEntries> => {
  await requireNoDefaults(session);
  const read = {
    control: new Map<string, JsonObject>(),
    component: new Map<string, JsonObject>(),
    assessment: new Map<string, JsonObject>(),
    attestation: new Map<string, JsonObject>(),
    oscal: new Map<string, JsonObject>(),
  };
  const versions = new Map<string, number>();
  for (const kind of kinds) {
    const { items } = await listItems(session, {
      path: "v1/entries",
      query: { kind },
      item: storedShape,
      onPage: (count) => showProgress(session, `reading ${kind}: ${count} entries…`),
    });
    for (const { key, value, version } of items) {
      read[kind].set(key, value);
      versions.set(placeOfEntry(kind, key), version);
    }
  }
  showProgress(session, "");
  return { entries: read, versions };
};
