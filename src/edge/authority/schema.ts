import type { AuthoritySql } from "./authority-sql.ts";

/** A document is whole in a fill once all its parts were put in it; see fills.ts. */
const tables = [
  `create table if not exists texts (
    name text not null, part integer not null, text text not null, primary key (name, part)
  )`,
  `create table if not exists heads (layer text not null primary key, head text not null)`,
  `create table if not exists documents (
    id integer primary key autoincrement, epoch text not null, layer text not null, revision integer not null,
    hash text not null, parts integer not null, bytes integer not null default 0,
    whole_in integer, is_copied integer not null default 0,
    unique (epoch, layer, revision, hash)
  )`,
  `create table if not exists document_parts (
    document integer not null, part integer not null, fill integer not null, text text not null,
    primary key (document, part)
  )`,
  `create table if not exists copies_to_remove (name text not null primary key)`,
  `create index if not exists documents_to_copy on documents (is_copied, id)`,
  `create table if not exists revisions (
    revision integer primary key, changes integer not null, bytes integer not null
  )`,
  `create table if not exists revision_parts (
    revision integer not null, part integer not null, text text not null,
    primary key (revision, part)
  )`,
  `create table if not exists keys (
    id text not null primary key, version integer not null, stored text not null
  )`,
  `create index if not exists keys_by_version on keys (version)`,
  `create table if not exists used_tokens (id text not null primary key, until_ms integer not null)`,
  `create index if not exists used_tokens_by_time on used_tokens (until_ms)`,
  `create table if not exists staged (
    id text not null, part integer not null, at_ms integer not null, text text not null,
    primary key (id, part)
  )`,
  `create table if not exists hubs (name text not null primary key, failures integer not null)`,
];

/** Makes what is missing; what is there stays as it is. */
export const createTables = (sql: AuthoritySql): void => {
  for (const table of tables) sql.exec(table);
};
