import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Captured, runCaptured } from "../../src/cli/testing/run-captured.ts";
import { type Api, createApi } from "../helpers/http-api.ts";
import { type Server, startServer } from "../helpers/start-server.ts";

let server: Server;
let api: Api;
let cwd: string;

beforeAll(async () => {
  server = await startServer({}, () => ({ command: ["node", "src/entry/node.ts"] }));
  api = createApi(
    () => server,
    () => {},
  );
  cwd = await mkdtemp(join(tmpdir(), "fairlead-runtime-"));
  await chmod(cwd, 0o755);
  const plugins = { default: { command: ["/bin/sh", "-c", "cat"] } };
  await writeFile(join(cwd, "plugins.json"), JSON.stringify(plugins));
});
afterAll(async () => {
  await server?.stop();
  await rm(cwd, { recursive: true });
});

interface Running {
  readonly ended: Promise<Captured>;
  readonly stop: () => void;
}

const start = (id: string, ...argv: string[]): Running => {
  let stop = (): void => {};
  const ended = runCaptured(
    ["runtime", "--id", id, "--plugins", "plugins.json", "--lease", "5", ...argv],
    {
      url: server.url,
      cwd,
      env: { FAIRLEAD_API_KEY: server.adminKey, PATH: process.env["PATH"] },
      onStop(listener) {
        stop = listener;
        return () => {};
      },
    },
  );
  return { ended, stop: () => stop() };
};

const put = (kind: string, key: string, value: object) => ({ op: "put", kind, key, value });

const commit = async (...operations: object[]): Promise<number> => {
  const body = { message: "define", allowLargeChange: true, operations };
  const reply = await api.post<{ revision: number }>("/v1/changes", body);
  expect(reply).toMatchObject({ status: 201 });
  return reply.body.revision;
};

/** Waits until the job spec of `a.0` is as a revision has it. */
const rendered = async (revision: number): Promise<void> => {
  const isThere = async (): Promise<boolean> => {
    const { body } = await api.get<{ items: { renderedRevision: number }[] }>(
      "/v1/job-specs?attestation=a.0",
    );
    return body.items.some(({ renderedRevision }) => renderedRevision >= revision);
  };
  while (!(await isThere())) await sleep(20);
};

interface Result {
  readonly attestation: string;
  readonly version: number;
  readonly status: string;
  readonly runtime: string;
  readonly evidence: { readonly of: string; readonly says: string };
}

const results = async (query = ""): Promise<readonly Result[]> =>
  (await api.get<{ items: Result[] }>(`/v1/results?limit=500${query}`)).body.items;

const count = 24;

const define = (title: string): Promise<number> =>
  commit(
    put("control", "c", { title }),
    put("control", "other", { title: "Other" }),
    put("component", "p", { title: "Component", controls: ["c"] }),
    put("component", "q", { title: "Component", controls: ["other"] }),
    put("assessment", "s", { title: "Assessment", components: ["p", "q"] }),
    ...Array.from({ length: count }, (_, index) =>
      put("attestation", `a.${index}`, {
        title: "Attestation",
        assessment: "s",
        components: [index === 0 ? "p" : "q"],
        // biome-ignore lint/suspicious/noTemplateCurlyInString: a template's reference
        template: { of: "${attestation.key}", says: "${controls[0].title}" },
      }),
    ),
  );

it("runs all that is rendered, sees a change of what it holds, and gives back what it held", async () => {
  await define("First");
  const running = [start("one", "--limit", "20"), start("two", "--limit", "20")];
  while ((await results()).length < count) await sleep(50);
  const first = await results();
  expect(first.filter(({ status }) => status === "passed")).toHaveLength(count);
  expect(new Set(first.map(({ attestation }) => attestation)).size).toBe(count);
  // What came back is what was rendered and signed.
  expect(first.every(({ attestation, evidence }) => evidence.of === attestation)).toBe(true);
  await commit(put("control", "c", { title: "Second" }));
  while ((await results("&attestation=a.0")).length < 2) await sleep(50);
  const [newest] = await results("&attestation=a.0");
  expect(newest).toMatchObject({ version: 2, status: "passed", evidence: { says: "Second" } });
  expect(await results()).toHaveLength(count + 1);
  for (const { stop } of running) stop();
  const ends = await Promise.all(running.map(({ ended }) => ended));
  expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 0]);
  const { body } = await api.get<{ items: { held: number }[] }>("/v1/runtimes");
  expect(body.items.map(({ held }) => held)).toEqual([0, 0]);
});

/** The command in a process of its own; each of its runs takes until there is a file `go`. */
const startProcess = async (id: string): Promise<ChildProcess> => {
  const plugins = { default: { command: ["/bin/sh", "-c", waitForGo] } };
  await writeFile(join(cwd, "slow.json"), JSON.stringify(plugins));
  const main = join(import.meta.dirname, "../../src/cli/main.ts");
  const argv = [main, "runtime", "--id", id, "--plugins", "slow.json", "--lease", "5"];
  return spawn(process.execPath, argv, {
    cwd,
    env: {
      FAIRLEAD_URL: server.url,
      FAIRLEAD_API_KEY: server.adminKey,
      PATH: process.env["PATH"],
    },
    stdio: ["ignore", "pipe", "inherit"],
  });
};

const waitForGo = "touch begun; while [ ! -e go ]; do sleep 0.05; done; echo '\"late\"'";

it("reports nothing of what went to another while it was paused, and stops when it is told to", async () => {
  await rendered(await define("Paused"));
  await start("clears", "--once").ended;
  const before = (await results()).length;
  const paused = await startProcess("paused");
  await commit(put("control", "c", { title: "Once more" }));
  while (!existsSync(join(cwd, "begun"))) await sleep(20);
  paused.kill("SIGSTOP");
  const other = start("other");
  while ((await results()).length === before) await sleep(50);
  // What it ran has come to an end meanwhile.
  await writeFile(join(cwd, "go"), "");
  let said = "";
  paused.stdout?.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  paused.kill("SIGCONT");
  while (!/dropped|refused/.test(said)) await sleep(20);
  expect(await results()).toHaveLength(before + 1);
  expect((await results())[0]).toMatchObject({ runtime: "other", evidence: { says: "Once more" } });
  paused.kill("SIGTERM");
  expect(await once(paused, "exit")).toEqual([0, null]);
  other.stop();
  await other.ended;
});

it("ends by itself when nothing is left", async () => {
  await rendered(await define("Last"));
  const { ended } = start("three", "--once");
  const { exitCode, stdout } = await ended;
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/^a\.0 {2}v\d+ {2}passed/m);
});
