import type { EntryName } from "../../../src/changes/state.ts";
import { storeNames } from "./arbitrary-store.ts";
import type { ModelReader } from "./model-reader.ts";

/** Where an entry applies: it itself, and what inherits from it. */
export const reachOf = ({ app, environment, key, kind }: EntryName): EntryName[] =>
  namesWithin(app, storeNames.apps).flatMap((ofApp) =>
    namesWithin(environment, storeNames.environments).map((of) => {
      return { kind, app: ofApp, environment: of, key };
    }),
  );

const namesWithin = (name: string, names: readonly string[]): readonly string[] =>
  name === "" ? ["", ...names] : [name];

/** Whether an entry applies where the reader may not see it too. */
export const appliesUnseen = (reader: ModelReader, name: EntryName): boolean =>
  reachOf(name).some((applied) => !reader.sees(applied));
