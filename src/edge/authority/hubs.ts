import type { AuthoritySql } from "./authority-sql.ts";

/** A hub that cannot be woken so often in a row is forgotten; it joins again when it is used. */
const maxFailures = 5;

export const joinHub = (sql: AuthoritySql, name: string): void => {
  sql.exec("insert or replace into hubs (name, failures) values (?, 0)", name);
};

export const leaveHub = (sql: AuthoritySql, name: string): void => {
  sql.exec("delete from hubs where name = ?", name);
};

/** Says to every hub that there is something new; answers how many heard it. */
export const wakeHubs = async (
  sql: AuthoritySql,
  wake: (name: string) => Promise<unknown>,
): Promise<{ readonly woken: number; readonly failed: number }> => {
  const names = sql.exec<{ name: string }>("select name from hubs");
  const said = await Promise.allSettled(names.map(async ({ name }) => wake(name)));
  for (const [index, { status }] of said.entries()) {
    const name = names[index]?.name ?? "";
    if (status === "fulfilled") sql.exec("update hubs set failures = 0 where name = ?", name);
    else sql.exec("update hubs set failures = failures + 1 where name = ?", name);
  }
  sql.exec("delete from hubs where failures >= ?", maxFailures);
  const woken = said.filter(({ status }) => status === "fulfilled").length;
  return { woken, failed: said.length - woken };
};
