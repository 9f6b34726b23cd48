import type { FieldError } from "../../errors.ts";
import { maxOffences } from "../../platform/documents/offences.ts";
import type { Json } from "../../platform/json.ts";
import { describePlace, type Place } from "./place.ts";
import type { Perform } from "./template-run.ts";

/** What is known of a template while it is compiled. */
export interface Compilation {
  readonly errors: FieldError[];
  readonly configKeys: Set<string>;
  /** The names that the loops around the place have bound. */
  readonly bound: string[];
  /** So much is wrong that the rest is not looked at. */
  hasGivenUp: boolean;
}

/** Where something stands, which says how many values it may give: list any, member at most one. */
type Position = "list" | "member" | "whole";

/** Where something stands in a template, and in its result. */
export interface Standing {
  readonly place: Place;
  readonly position: Position;
  /** Maps and lists around it, in the template and in the result. */
  readonly templateDepth: number;
  readonly depth: number;
}

/** What a part of a template becomes: always the same value, or what is performed each time. */
export type Part = { readonly constant: Json } | { readonly perform: Perform };

/** Says what is wrong; past a number that somebody can read, nothing is added. */
export const complain = (compilation: Compilation, place: Place, message: string): void => {
  if (compilation.hasGivenUp) return;
  const { errors } = compilation;
  errors.push({ path: describePlace(place), message });
  compilation.hasGivenUp = errors.length >= maxOffences;
};

/** Says what is wrong, and looks no further. */
export const giveUp = (compilation: Compilation, place: Place, message: string): void => {
  complain(compilation, place, message);
  compilation.hasGivenUp = true;
};

/** What stands in for a part that has errors: it is never performed. */
export const brokenPart: Part = { constant: null };
