import type { Json } from "../platform/json.ts";

/** What is rendered of an attestation without a template: all that it is about. */
export const defaultTemplate: Json = {
  attestation: "${attestation}",
  assessment: "${assessment}",
  components: "${components}",
  controls: "${controls}",
};
