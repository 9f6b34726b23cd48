/**
 * What all models share, checked as far as the mapping or the rules of OSCAL rely on it; other members
 * are let through.
 * @see https://pages.nist.gov/OSCAL-Reference/models/v1.1.2/ and its JSON Schemas, for the patterns
 */
import { z } from "zod";

export const tokenPattern = /^[\p{L}_][\p{L}\p{N}.\-_]*$/u;

export const token = z.string().regex(tokenPattern, {
  error: 'must be a token: a letter or "_", then letters, digits, ".", "-" and "_"',
});

export const uuid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[45][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i, {
    error: "must be a UUID of version 4 or 5",
  });

export const dateTime = z
  .string()
  .regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/, {
    error: "must be a time with its offset, such as 2026-01-31T12:00:00Z",
  });

/** Patch releases leave the shapes alone. */
const version = z.string().regex(/^1\.[0-2]\.\d{1,3}$/, {
  error: "is a version of OSCAL that is not known here; 1.0, 1.1 and 1.2 are",
});

export const text = z.string();

const property = z.looseObject({ name: token, value: z.string() });
const link = z.looseObject({ href: z.string(), rel: z.string().exactOptional() });

export const properties = z.array(property).exactOptional();
export const links = z.array(link).exactOptional();

const responsibleParty = z.looseObject({ "role-id": token, "party-uuids": z.array(uuid) });

export const metadata = z.looseObject({
  title: text,
  "last-modified": dateTime,
  version: z.string().min(1, "must say something"),
  "oscal-version": version,
  props: properties,
  links,
  roles: z.array(z.looseObject({ id: token, title: text })).exactOptional(),
  parties: z.array(z.looseObject({ uuid, type: z.string() })).exactOptional(),
  locations: z.array(z.looseObject({ uuid })).exactOptional(),
  "responsible-parties": z.array(responsibleParty).exactOptional(),
});

export const backMatter = z.looseObject({
  resources: z.array(z.looseObject({ uuid })).exactOptional(),
});

/** Present and an object, empty or not. */
export const includeAll = z.looseObject({});
