import type { Tx } from "../../src/platform/sql.ts";

export interface Table {
  readonly oid: number;
  readonly name: string;
  readonly parent: string | null;
  readonly bound: string | null;
  readonly partitioning: string | null;
  readonly options: string | null;
  readonly comment: string | null;
}

export interface Column {
  readonly table: number;
  readonly name: string;
  readonly type: string;
  readonly collation: string | null;
  readonly notNull: string | null;
  readonly identity: "always" | "by default" | null;
  readonly generated: "stored" | "virtual" | null;
  readonly expression: string | null;
  readonly comment: string | null;
}

export interface Constraint {
  readonly table: number;
  readonly name: string;
  readonly kind: "p" | "u" | "x" | "c" | "f";
  readonly definition: string;
  readonly options: string | null;
}

export interface Sequence {
  readonly name: string;
  readonly type: string;
  readonly start: string;
  readonly increment: string;
  readonly minimum: string;
  readonly maximum: string;
  readonly cache: string;
  readonly cycles: boolean;
}

interface Definition {
  readonly definition: string;
}

/** Tables by name, each followed by its partitions. */
export const readTables = async (tx: Tx): Promise<Table[]> => tx<Table[]>`
  select c.oid::integer as oid, c.relname as name, p.relname as parent,
    pg_get_expr(c.relpartbound, c.oid) as bound,
    pg_get_partkeydef(c.oid) as partitioning,
    array_to_string(c.reloptions
      || array(select 'toast.' || o from unnest(t.reloptions) as o), ', ') as options,
    obj_description(c.oid, 'pg_class') as comment
  from pg_class c
  left join pg_inherits i on i.inhrelid = c.oid
  left join pg_class p on p.oid = i.inhparent
  left join pg_class t on t.oid = c.reltoastrelid
  where c.relnamespace = 'fairlead'::regnamespace and c.relkind in ('r', 'p')
  order by coalesce(pg_partition_root(c.oid), c.oid)::regclass::text collate "C",
    (select count(*) from pg_partition_ancestors(c.oid)), c.relname collate "C"`;

/** The columns of every table that is no partition, in their order. */
export const readColumns = async (tx: Tx): Promise<Column[]> => tx<Column[]>`
  select a.attrelid::integer as table, a.attname as name,
    format_type(a.atttypid, a.atttypmod) as type,
    case when a.attcollation <> y.typcollation then l.collname end as collation,
    n.conname as "notNull",
    case a.attidentity when 'a' then 'always' when 'd' then 'by default' end as identity,
    case a.attgenerated when 's' then 'stored' when 'v' then 'virtual' end as generated,
    pg_get_expr(d.adbin, d.adrelid, true) as expression,
    col_description(a.attrelid, a.attnum) as comment
  from pg_attribute a
  join pg_class c on c.oid = a.attrelid
  join pg_type y on y.oid = a.atttypid
  left join pg_collation l on l.oid = a.attcollation
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  left join pg_constraint n
    on n.conrelid = a.attrelid and n.contype = 'n' and n.conkey = array[a.attnum]
  where c.relnamespace = 'fairlead'::regnamespace and c.relkind in ('r', 'p')
    and not c.relispartition and a.attnum > 0 and not a.attisdropped
  order by a.attrelid, a.attnum`;

/** Constraints that were declared, not those that partitions inherit: keys, checks, then references. */
export const readConstraints = async (tx: Tx): Promise<Constraint[]> => tx<Constraint[]>`
  select k.conrelid::integer as table, k.conname as name, k.contype as kind,
    pg_get_constraintdef(k.oid, true) as definition,
    case when k.contype in ('p', 'u', 'x') then array_to_string(i.reloptions, ', ') end as options
  from pg_constraint k
  left join pg_class i on i.oid = k.conindid
  where k.connamespace = 'fairlead'::regnamespace and k.contype in ('p', 'u', 'x', 'c', 'f')
    and k.conparentid = 0 and k.coninhcount = 0
  order by k.conrelid, position(k.contype::text in 'puxcf'), k.conname collate "C"`;

/** Indexes that belong to no constraint and to no index of a partitioned table. */
export const readIndexes = async (tx: Tx): Promise<(Definition & { table: number })[]> => tx<
  (Definition & { table: number })[]
>`
  select i.indrelid::integer as table, pg_get_indexdef(i.indexrelid, 0, true) as definition
  from pg_index i
  join pg_class c on c.oid = i.indexrelid
  where c.relnamespace = 'fairlead'::regnamespace
    and not exists (select from pg_inherits where inhrelid = c.oid)
    and not exists (select from pg_constraint where conindid = c.oid and contype in ('p', 'u', 'x'))
  order by i.indrelid, c.relname collate "C"`;

export const readTriggers = async (tx: Tx): Promise<(Definition & { table: number })[]> => tx<
  (Definition & { table: number })[]
>`
  select t.tgrelid::integer as table, pg_get_triggerdef(t.oid, true) as definition
  from pg_trigger t
  join pg_class c on c.oid = t.tgrelid
  where c.relnamespace = 'fairlead'::regnamespace and not t.tgisinternal and t.tgparentid = 0
  order by t.tgrelid, t.tgname collate "C"`;

export const readFunctions = async (tx: Tx): Promise<Definition[]> => tx<Definition[]>`
  select pg_get_functiondef(oid) as definition
  from pg_proc
  where pronamespace = 'fairlead'::regnamespace and prokind in ('f', 'p')
  order by proname collate "C", pg_get_function_identity_arguments(oid) collate "C"`;

/** Sequences that no identity column owns. */
export const readSequences = async (tx: Tx): Promise<Sequence[]> => tx<Sequence[]>`
  select c.relname as name, format_type(s.seqtypid, null) as type, s.seqstart::text as start,
    s.seqincrement::text as increment, s.seqmin::text as minimum, s.seqmax::text as maximum,
    s.seqcache::text as cache, s.seqcycle as cycles
  from pg_sequence s
  join pg_class c on c.oid = s.seqrelid
  where c.relnamespace = 'fairlead'::regnamespace
    and not exists (
      select from pg_depend where classid = 'pg_class'::regclass and objid = c.oid and deptype = 'i')
  order by c.relname collate "C"`;

/** What the schema holds that a dump would leave out. */
export const readUnknown = async (tx: Tx): Promise<{ name: string }[]> => tx<{ name: string }[]>`
  with ours as (
    select oid, relname, relkind, relpersistence, relrowsecurity, relacl, relispartition from pg_class
    where relnamespace = 'fairlead'::regnamespace)
  select 'relation ' || relname as name from ours where relkind not in ('r', 'p', 'i', 'I', 'S')
  union all select 'unlogged table ' || relname from ours where relpersistence <> 'p'
  union all select 'row security of ' || relname from ours where relrowsecurity
  union all select 'privileges of ' || relname from ours where relacl is not null
  union all select 'parent of ' || relname from ours join pg_inherits on inhrelid = oid
    where not relispartition and relkind in ('r', 'p')
  union all select 'statistics ' || stxname from pg_statistic_ext
    where stxnamespace = 'fairlead'::regnamespace
  union all select 'type ' || typname from pg_type
    where typnamespace = 'fairlead'::regnamespace and typtype in ('e', 'd', 'r', 'm')
  union all select 'aggregate ' || proname from pg_proc
    where pronamespace = 'fairlead'::regnamespace and prokind not in ('f', 'p')
  union all select 'disabled trigger ' || tgname from pg_trigger join ours on ours.oid = tgrelid
    where tgenabled <> 'O'
  union all select 'settings of column ' || relname || '.' || attname
    from pg_attribute join ours on ours.oid = attrelid join pg_type y on y.oid = atttypid
    where attnum > 0 and relkind in ('r', 'p') and (attoptions is not null or attacl is not null
      or attstattarget is not null or attcompression <> '' or attstorage <> typstorage)
  union all select 'options of identity ' || relname
    from pg_sequence join ours on ours.oid = seqrelid
    join pg_depend on classid = 'pg_class'::regclass and objid = seqrelid and deptype = 'i'
    where (seqstart, seqincrement, seqmin, seqcache, seqcycle) <> (1, 1, 1, 1, false)
  union all select 'extension ' || extname from pg_extension where extname <> 'plpgsql'
  order by 1`;
