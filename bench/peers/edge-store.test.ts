import { expect, test } from "vitest";
import store from "./edge-store.ts";

const ask = (method: string, name: string, body?: string): Promise<Response> => {
  const url = `https://kv/${encodeURIComponent(name)}?urlencoded=true`;
  return store.fetch(new Request(url, { method, ...(body === undefined ? {} : { body }) }));
};

test("has what was put last under a name with slashes, until it is deleted", async () => {
  const name = "doc/epoch/config//production/7/hash/0";
  expect((await ask("GET", name)).status).toBe(404);
  await ask("PUT", name, "1:first");
  await ask("PUT", name, "1:second");
  expect(await (await ask("GET", name)).text()).toBe("1:second");
  expect((await ask("GET", "doc")).status).toBe(404);
  await ask("DELETE", name);
  expect((await ask("GET", name)).status).toBe(404);
});
