import { z } from "zod";
import { isJsonObject, type Json } from "../../platform/json.ts";
import { refusal } from "../failure.ts";
import { readDocumentFile } from "../read-document-file.ts";

/** A local command that runs job specs. */
export interface Plugin {
  readonly command: readonly [string, ...string[]];
  readonly timeoutSeconds: number;
  /** Names of variables that it gets beside PATH and HOME. */
  readonly env: readonly string[];
}

export type Plugins = ReadonlyMap<string, Plugin>;

const variable = z
  .string()
  .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "must be the name of a variable")
  .refine((name) => name !== "FAIRLEAD_API_KEY", "must not be the API key's");

const pluginShape = z.strictObject({
  command: z.tuple([z.string().min(1)], z.string()),
  timeoutSeconds: z.number().positive().max(86_400).default(60),
  env: z.array(variable).default([]),
});

/** @throws Failure where the file is no plugin map */
export const readPlugins = async (cwd: string, path: string): Promise<Plugins> => {
  const [document] = await readDocumentFile(cwd, path);
  if (document === undefined || !isJsonObject(document)) {
    throw refusal(path, "must map the names of plugins to their commands");
  }
  const plugins = new Map<string, Plugin>();
  for (const [name, given] of Object.entries(document)) {
    const { data, error } = pluginShape.safeParse(given);
    if (data === undefined) {
      const [issue] = error.issues;
      throw refusal([path, name, ...(issue?.path ?? [])].join("."), issue?.message ?? "is wrong");
    }
    plugins.set(name, data);
  }
  return plugins;
};

/** The plugin that a spec names by its member `plugin`, else `default`; or the name that is missing. */
export const pluginFor = (plugins: Plugins, spec: Json): Plugin | { readonly missing: string } => {
  const named = isJsonObject(spec) ? spec["plugin"] : undefined;
  const name = typeof named === "string" ? named : "default";
  return plugins.get(name) ?? { missing: name };
};
