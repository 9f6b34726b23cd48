/** The ceiling of a start: a bare process that reads all entries by postgres.js, and keeps the rows. */
import postgres from "postgres";

/** Sent when a query was answered, and when all rows were there. */
export interface SelectNews {
  readonly connected?: true;
  readonly rows?: number;
}

const say = (news: SelectNews): void => void process.send?.(news);

const sql = postgres(process.argv[2] ?? "", { max: 1 });
await sql`select 1`;
say({ connected: true });
const rows = await sql`
  select id, kind, app, environment, key, version, revision, deleted, value, schema, description, merge
  from fairlead.entries`;
say({ rows: rows.length });
// The rows stay in memory until it is told to stop.
process.on("SIGTERM", () => process.exit(rows.length > 0 ? 0 : 1));
