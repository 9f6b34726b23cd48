import { Problem } from "../errors.ts";
import type { Sql } from "./sql.ts";

interface SqlGuardOptions {
  /** Statements and transactions that may run or wait for a connection at one time. */
  readonly maxAtOnce: number;
  /** Until it says so, everything is refused; by default that is never so. */
  readonly isOpen?: () => boolean;
}

/** What runs or waits on a handle now, and how much that may be. */
interface SqlLoad {
  readonly atOnce: number;
  readonly maxAtOnce: number;
}

interface Gate extends Required<SqlGuardOptions> {
  atOnce: number;
}

const gates = new WeakMap<Sql, Gate>();

/** Undefined for a handle that is not guarded. */
export const loadOf = (sql: Sql): SqlLoad | undefined => {
  const gate = gates.get(sql);
  return gate === undefined ? undefined : { atOnce: gate.atOnce, maxAtOnce: gate.maxAtOnce };
};

/**
 * A handle on which no more than so many wait: one more is refused at once, with when to come again,
 * instead of being answered when nobody waits for the answer any more. Cursors are not counted.
 */
export const guardSql = (sql: Sql, options: SqlGuardOptions): Sql => {
  const gate: Gate = { isOpen: () => true, ...options, atOnce: 0 };
  const guarded = new Proxy(sql, {
    apply: (target, _this, parameters: Parameters<Sql>) => guardQuery(gate, target(...parameters)),
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (name === "begin") return guardCall(gate, member as Begin);
      if (name === "unsafe")
        return (...parameters: Parameters<Sql["unsafe"]>) =>
          guardQuery(gate, (member as Sql["unsafe"])(...parameters));
      return member;
    },
  });
  gates.set(guarded, gate);
  return guarded;
};

type Begin = (...parameters: unknown[]) => Promise<unknown>;

const guardCall =
  (gate: Gate, begin: Begin): Begin =>
  (...parameters) => {
    const refusal = refuse(gate);
    if (refusal !== undefined) return Promise.reject(refusal);
    const running = begin(...parameters);
    count(gate, running);
    return running;
  };

/** A statement runs when it is first waited for; a part of another one never is. */
const guardQuery = <Query>(gate: Gate, query: Query): Query => {
  if (!(query instanceof Promise)) return query;
  const waitFor = query.then.bind(query);
  let entrance: Problem | "entered" | undefined;
  Reflect.set(query, "then", (...handlers: Parameters<typeof waitFor>): Promise<unknown> => {
    if (entrance === undefined) {
      entrance = refuse(gate) ?? "entered";
      if (entrance === "entered") count(gate, query);
    }
    return entrance === "entered"
      ? waitFor(...handlers)
      : Promise.reject(entrance).then(...handlers);
  });
  return query;
};

const count = (gate: Gate, running: Promise<unknown>): void => {
  const end = (): void => {
    gate.atOnce -= 1;
  };
  gate.atOnce += 1;
  void Promise.prototype.then.call(running, end, end);
};

const refuse = ({ atOnce, isOpen, maxAtOnce }: Gate): Problem | undefined => {
  if (!isOpen()) return refusalOf("The database has not been reached yet. Nothing was done.");
  if (atOnce < maxAtOnce) return undefined;
  return refusalOf(`${atOnce} requests run or wait in the database already. Nothing was done.`);
};

const refusalOf = (detail: string): Problem =>
  new Problem("UNAVAILABLE", detail, { headers: { "retry-after": "1" } });
