import { z } from "zod";
import { backMatter, links, metadata, properties, text, token, uuid } from "./common.ts";

const part = z.looseObject({
  id: token.exactOptional(),
  name: token,
  props: properties,
  links,
  get parts() {
    return z.array(part).exactOptional();
  },
});

const parameters = z.array(z.looseObject({ id: token, props: properties })).exactOptional();
const parts = z.array(part).exactOptional();

const control = z.looseObject({
  id: token,
  title: text,
  params: parameters,
  props: properties,
  links,
  parts,
  get controls() {
    return z.array(control).exactOptional();
  },
});

const group = z.looseObject({
  id: token.exactOptional(),
  title: text,
  params: parameters,
  props: properties,
  links,
  parts,
  controls: z.array(control).exactOptional(),
  get groups() {
    return z.array(group).exactOptional();
  },
});

export const catalogShape = z.looseObject({
  uuid,
  metadata,
  params: parameters,
  controls: z.array(control).exactOptional(),
  groups: z.array(group).exactOptional(),
  "back-matter": backMatter.exactOptional(),
});

export type Catalog = z.output<typeof catalogShape>;
export type Group = z.output<typeof group>;
export type Control = z.output<typeof control>;
export type Part = z.output<typeof part>;
