import type { EntryName, NamedEntry } from "../../layers/read-named-entries.ts";
import { resolveChain, scopesOf } from "../../layers/resolve.ts";
import type { Json } from "../../platform/json.ts";
import type { PreparedAttestation } from "../render.ts";

const kind = "config";

/** Adds the entries that can own what an attestation looks up, each once. */
export const addConfigNames = (
  names: Map<string, EntryName>,
  { template, value }: PreparedAttestation,
): void => {
  for (const key of template.configKeys) {
    for (const [app, environment] of scopesOf(value.app ?? "", value.environment ?? "")) {
      names.set(`${app}/${environment}/${key}`, { kind, app, environment, key });
    }
  }
};

type Resolve = (app: string, environment: string, key: string) => Json | undefined;

/** Resolves each key of a position once. */
export const resolveConfig = (find: (name: EntryName) => NamedEntry | undefined): Resolve => {
  const known = new Map<string, Json | undefined>();
  return (app, environment, key) => {
    const id = `${app}/${environment}/${key}`;
    if (!known.has(id)) {
      const chain = scopesOf(app, environment).flatMap(
        ([owner, where]) => find({ kind, app: owner, environment: where, key }) ?? [],
      );
      known.set(id, resolveChain(chain)?.value);
    }
    return known.get(id);
  };
};
