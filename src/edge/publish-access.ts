import { type AccessPoint, readAccess } from "../access/store/read-access.ts";
import type { Sql } from "../platform/sql.ts";
import { withDeadline } from "../platform/with-deadline.ts";
import type { Confirmation } from "./authority/confirmations.ts";
import type { RemoteAuthority } from "./remote-authority.ts";

/** Brings the keys and roles of an edge up to date. */
export interface AccessPublisher {
  publishOnce(sql: Sql): Promise<{ readonly changed: boolean }>;
}

interface AccessPublisherOptions {
  readonly remote: RemoteAuthority;
  /** Never goes back. */
  readonly nowMs?: () => number;
}

/** An edge can lose what it was told, and must know how old it is. */
const confirmEveryMs = 1_000;

/** Past this a connection is taken for dead. */
const readTimeoutMs = 3_000;

const readNewest = async (sql: Sql): Promise<Omit<Confirmation, "mark">> => {
  const [row] = await sql<{ epoch: string; revision: number; names: number; version: number }[]>`
    select d.epoch, d.revision, d.catalogue_version as names, s.version
    from fairlead.deployment d cross join fairlead.access_state s`;
  if (row === undefined) throw new Error("fairlead.deployment has no row");
  const { epoch, names: namesVersion, revision, version } = row;
  return { point: { epoch, revision, namesVersion }, access: { epoch, version } };
};

const nothing: AccessPoint = { epoch: "", version: -1 };

/** Any number of publishers may do so at one time: whoever is late is refused, and learns why. */
export const createAccessPublisher = ({
  nowMs = () => performance.now(),
  remote,
}: AccessPublisherOptions): AccessPublisher => {
  /** Where the edge stands, null where it has nothing; undefined until it was asked. */
  let known: AccessPoint | null | undefined;
  let confirmedAtMs = Number.NEGATIVE_INFINITY;
  /** The edge's own time, of before the next look: however long that takes to arrive, it counts from then. */
  let mark: number | null = null;

  /** Tells the edge what is the newest, so that it knows how old it is; answers what it has of access. */
  const confirm = async (sql: Sql): Promise<AccessPoint | null> => {
    const startedMs = nowMs();
    const newest = await withDeadline(readNewest(sql), readTimeoutMs);
    const answer = await remote.send({ op: "confirm", ...newest, mark });
    ({ mark } = answer);
    confirmedAtMs = startedMs;
    return answer.access;
  };

  const publish = async (sql: Sql): Promise<boolean> => {
    if (known === undefined || nowMs() - confirmedAtMs >= confirmEveryMs)
      known = await confirm(sql);
    const changes = await withDeadline(readAccess(sql, known ?? nothing), readTimeoutMs);
    if (changes.roles === null || changes.keys === null) return false;
    const { moved, point } = await remote.send({ op: "access", from: known, changes });
    known = point;
    return moved;
  };

  return { publishOnce: async (sql) => ({ changed: await publish(sql) }) };
};
