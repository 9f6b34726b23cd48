import { parseAccept } from "hono/utils/accept";

const yamlTypes = new Set(["application/yaml", "application/x-yaml", "text/yaml"]);

/** Whether `Accept` names YAML with a higher weight than JSON or anything. */
export const prefersYaml = (headers: Headers): boolean => {
  let yaml = 0;
  let json = 0;
  for (const { q, type } of parseAccept(headers.get("accept") ?? "")) {
    if (yamlTypes.has(type)) yaml = Math.max(yaml, q);
    else if (/^(application\/json|application\/\*|\*\/\*)$/.test(type)) json = Math.max(json, q);
  }
  return yaml > 0 && yaml >= json;
};
