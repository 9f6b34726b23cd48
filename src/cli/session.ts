import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { usageFailure } from "./failure.ts";
import type { Io } from "./io.ts";

export interface GlobalOptions {
  readonly url?: string;
  readonly apiKey?: string;
  readonly json?: boolean;
  readonly timeout?: number;
}

/** One run of the command line: where the server is, who asks, how to answer. */
export interface Session {
  readonly io: Io;
  readonly json: boolean;
  readonly url: URL;
  readonly apiKey: string | undefined;
  readonly timeoutSeconds: number;
}

export const defaultUrl = "http://127.0.0.1:8787";
export const defaultTimeoutSeconds = 30;

/** An environment variable; an empty one counts as absent. */
const setting = (io: Io, name: string): string | undefined => io.env[name] || undefined;

// The messages never repeat the text: a URL may hold a password, and a key is one.
const parseUrl = (text: string): URL => {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw usageFailure("The server's URL must be an absolute http or https URL.");
  }
  if (url.username !== "" || url.password !== "") {
    throw usageFailure("The server's URL must not hold credentials: use FAIRLEAD_API_KEY.");
  }
  return url;
};

const parseApiKey = (text: string): string => {
  const key = text.trim();
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw usageFailure("The API key holds characters that no key has (spaces, line breaks, …).");
  }
  return key;
};

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);

/** The key that a server on this machine keeps in its data directory; never sent anywhere else. */
const readLocalKey = async (io: Io, url: URL): Promise<string | undefined> => {
  if (!isLoopback(url)) return undefined;
  const path = join(resolve(io.cwd, setting(io, "DATA_DIR") ?? ".fairlead"), "admin.key");
  // Missing or unreadable: the server will say that credentials are wanted.
  const text = await readFile(path, "utf8").catch(() => "");
  return text.trim() === "" ? undefined : text;
};

/** Works out URL, key and timeout from options, environment and the local data directory. */
export const openSession = async (io: Io, options: GlobalOptions): Promise<Session> => {
  const url = parseUrl(options.url ?? setting(io, "FAIRLEAD_URL") ?? defaultUrl);
  const given = options.apiKey ?? setting(io, "FAIRLEAD_API_KEY");
  const key = given ?? (await readLocalKey(io, url));
  return {
    io,
    json: options.json === true,
    url,
    apiKey: key === undefined ? undefined : parseApiKey(key),
    timeoutSeconds: options.timeout ?? defaultTimeoutSeconds,
  };
};
