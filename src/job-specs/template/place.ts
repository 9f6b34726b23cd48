import { dottedPath } from "../../platform/documents/offences.ts";

/** A place in a template; undefined is the whole. Linked, since a large template has many. */
export type Place = { readonly parent: Place; readonly segment: string | number } | undefined;

export const inside = (parent: Place, segment: string | number): Place => ({ parent, segment });

/** `components.0.title` */
export const describePlace = (place: Place): string => {
  const segments: (string | number)[] = [];
  for (let at = place; at !== undefined; at = at.parent) segments.unshift(at.segment);
  return dottedPath(segments);
};
