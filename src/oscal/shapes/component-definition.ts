import { z } from "zod";
import { backMatter, links, metadata, properties, text, token, uuid } from "./common.ts";

const statement = z.looseObject({ "statement-id": token, uuid, description: text });

const requirement = z.looseObject({
  uuid,
  "control-id": token,
  description: text,
  props: properties,
  links,
  statements: z.array(statement).exactOptional(),
});

const implementation = z.looseObject({
  uuid,
  source: z.string(),
  description: text,
  props: properties,
  links,
  "implemented-requirements": z.array(requirement),
});

const component = z.looseObject({
  uuid,
  type: z.string().min(1, "must say something"),
  title: text,
  description: text,
  props: properties,
  links,
  "control-implementations": z.array(implementation).exactOptional(),
});

const capability = z.looseObject({
  uuid,
  name: z.string(),
  description: text,
  "incorporates-components": z.array(z.looseObject({ "component-uuid": uuid })).exactOptional(),
  "control-implementations": z.array(implementation).exactOptional(),
});

export const componentDefinitionShape = z.looseObject({
  uuid,
  metadata,
  "import-component-definitions": z.array(z.looseObject({ href: z.string() })).exactOptional(),
  components: z.array(component).exactOptional(),
  capabilities: z.array(capability).exactOptional(),
  "back-matter": backMatter.exactOptional(),
});

export type ComponentDefinition = z.output<typeof componentDefinitionShape>;
