import { listItems } from "../list-items.ts";
import { showProgress } from "../print.ts";
import { type Scope, scopeMembers, scopeName } from "../scope.ts";
import type { Session } from "../session.ts";
import { appShape, changeSetShape, entryShape } from "../shapes.ts";
import type { Layer } from "./read-layers.ts";

export interface Surplus {
  readonly entries: readonly (Scope & { readonly key: string })[];
  /** What was read is no older than this: with it as `expectedRevision` no later change is undone. */
  readonly revision: number;
}

/** The newest revision; 0 in a deployment that has none. */
const readRevision = async (session: Session): Promise<number> => {
  const { items } = await listItems(session, {
    path: "v1/changes",
    item: changeSetShape,
    limit: 1,
  });
  return items[0]?.revision ?? 0;
};

/** The keys of the given layers that the files do not name. A new app's layers are empty. */
export const findSurplus = async (session: Session, layers: readonly Layer[]): Promise<Surplus> => {
  // First of all: a change that comes while the layers are read is newer then, and a conflict.
  const revision = await readRevision(session);
  const { items } = await listItems(session, { path: "v1/apps", item: appShape });
  const apps = new Set(items.map(({ name }) => name));
  const entries: (Scope & { key: string })[] = [];
  for (const layer of layers.filter(({ app }) => app == null || apps.has(app))) {
    const scope = scopeMembers(layer);
    const { items: present } = await listItems(session, {
      path: "v1/entries",
      query: { kind: "config", ...scope },
      item: entryShape,
      onPage: (count) => showProgress(session, `reading ${scopeName(scope)}: ${count} keys…`),
    });
    for (const { key } of present) {
      if (!layer.settings.has(key)) entries.push({ ...scope, key });
    }
  }
  return { entries, revision };
};
