import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import { commit, put } from "../conformance/vocabulary.ts";
import "../conformance/matchers.ts";
import { eventually } from "../helpers/history/eventually.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { type Server, startServer } from "../helpers/start-server.ts";
import { createRawStream, type RawStream } from "../helpers/streams/raw-stream.ts";
import { startAsking } from "../helpers/streams/steady-asker.ts";

/** Each takes a file descriptor here and one in the server: Node raises its limit as far as it may. */
const limits = existsSync("/proc/self/limits") ? readFileSync("/proc/self/limits", "utf8") : "";
const maxFiles = Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1] ?? "4096");
const count = Math.min(10_000, maxFiles - 500);
const app = "crowd";
const path = `/v1/stream?app=${app}&environment=production`;

let server: Server;
let api: Api;
let streams: readonly RawStream[] = [];

beforeAll(async () => {
  server = await startServer({}, () => ({ command: ["node", "src/entry/node.ts"] }));
  api = createApi(
    () => server,
    () => {},
  );
});

afterAll(async () => {
  for (const stream of streams) stream.cut();
  await server.stop();
});

const change = async (value: number): Promise<number> =>
  (await commit(api, [put({ app, key: "value", value })])).revision;

const allReach = (revision: number): Promise<boolean> =>
  eventually(() => streams.every((stream) => stream.lastId().endsWith(`-${revision}`)), 60_000);

it(`${count} streams cut at once all resume without a gap, and ordinary requests are answered`, async () => {
  const begin = await change(0);
  streams = Array.from({ length: count }, () => createRawStream(server.url, path, server.adminKey));
  for (let start = 0; start < count; start += 500) {
    await Promise.all(streams.slice(start, start + 500).map((stream) => stream.open()));
  }
  const told = [await change(1)];
  expect(await allReach(told[0]!)).toBe(true);
  const stop = startAsking(`${server.url}/v1/environments`, server.adminKey);
  for (const stream of streams) stream.cut();
  for (let value = 2; value < 7; value += 1) told.push(await change(value));
  const cutMs = Date.now();
  await Promise.all(streams.map((stream) => stream.open()));
  expect(await allReach(told.at(-1)!)).toBe(true);
  const resumedMs = Date.now();
  told.push(await change(7));
  expect(await allReach(told.at(-1)!)).toBe(true);
  const answers = await stop();
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  const meanwhile = answers.filter(({ endMs, startMs }) => startMs >= cutMs && endMs <= resumedMs);
  expect(meanwhile.length).toBeGreaterThan(0);
  const slowestMs = Math.max(...meanwhile.map(({ endMs, startMs }) => endMs - startMs));
  console.log(
    `${count} streams resumed in ${resumedMs - cutMs} ms; meanwhile ${meanwhile.length} requests, the slowest in ${slowestMs} ms`,
  );
  expect(new Set(streams.flatMap(({ others }) => others))).toEqual(new Set());
  const rows = new Set(streams.map(({ changes }) => changes.filter((one) => one > begin).join()));
  expect(rows).toEqual(new Set([told.join()]));
}, 240_000);
