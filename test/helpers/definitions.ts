import type { Operation } from "../../src/changes/change-set.ts";
import { Problem } from "../../src/errors.ts";
import { put, remove } from "./change-sets.ts";

export const control = (key: string, title = key) => put(key, { title }, { kind: "control" });
export const component = (key: string, controls: string[]) =>
  put(key, { title: key, controls }, { kind: "component" });
export const assessment = (key: string, components: string[]) =>
  put(key, { title: key, components }, { kind: "assessment" });
export const attestation = (key: string, of: string, components: string[], more: object = {}) =>
  put(key, { title: key, assessment: of, components, ...more }, { kind: "attestation" });
export const gone = (kind: string, key: string) => remove(key, { kind });

export const refusal = async (promise: Promise<unknown>): Promise<Problem> => {
  const error = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Problem) return error;
  throw new Error("was not refused", { cause: error });
};

export const graph: readonly Operation[] = [
  attestation("att", "ass", ["web"]),
  assessment("ass", ["web", "db"]),
  component("web", ["ac-1", "ac-2"]),
  component("db", ["ac-1"]),
  control("ac-1"),
  control("ac-2"),
];
