import type { AccessPoint, StoredRole } from "../../access/store/read-access.ts";
import type { CachedNames, CachePoint } from "../../layers/cache/layer-cache.ts";
import { cutText } from "../text-parts.ts";
import type { AuthoritySql } from "./authority-sql.ts";

/** What there is one of. */
interface State {
  /** Where readers are. */
  readonly point: CachePoint;
  readonly names: CachedNames;
  /** The epoch before this one. */
  readonly replaced: string;
  /** Counts the times that publishers began anew; those that are owed hide what there is from them. */
  readonly fill: { readonly number: number; readonly owed: readonly Owed[] };
  readonly logBytes: number;
  /** When it was last known that what is served is the newest. */
  readonly confirmed: { readonly layersAtMs: number; readonly accessAtMs: number };
  readonly access: AccessPoint;
  readonly roles: readonly StoredRole[];
}

export type Owed = "layers" | "access";

export const readState = <Name extends keyof State>(
  sql: AuthoritySql,
  name: Name,
): State[Name] | undefined => {
  const rows = sql.exec<{ text: string }>(
    "select text from texts where name = ? order by part",
    name,
  );
  if (rows.length === 0) return undefined;
  return JSON.parse(rows.map(({ text }) => text).join("")) as State[Name];
};

export const writeState = <Name extends keyof State>(
  sql: AuthoritySql,
  name: Name,
  value: State[Name],
): void => {
  sql.exec("delete from texts where name = ?", name);
  for (const [index, text] of cutText(JSON.stringify(value)).entries()) {
    sql.exec("insert into texts (name, part, text) values (?, ?, ?)", name, index + 1, text);
  }
};
