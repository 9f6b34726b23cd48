import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseApiKey } from "./api-key.ts";
import type { Io, Output } from "./io.ts";
import { printRemark } from "./print.ts";
import type { Profile } from "./profiles/profiles.ts";
import { selectProfile } from "./profiles/select-profile.ts";
import { isLoopback, parseUrl } from "./server-address.ts";
import { setting } from "./setting.ts";

export interface GlobalOptions {
  readonly url?: string;
  readonly apiKey?: string;
  readonly profile?: string;
  readonly json?: boolean;
  readonly timeout?: number;
}

/** One run of the command line: where the server is, who asks, how to answer. */
export interface Session extends Output {
  readonly url: URL;
  readonly apiKey: string | undefined;
  /** Where the key comes from, for people; undefined without a key. */
  readonly keySource: string | undefined;
  /** The profile that the URL or the key comes from. */
  readonly profile: string | undefined;
  readonly timeoutSeconds: number;
}

export const defaultUrl = "http://127.0.0.1:8787";
export const defaultTimeoutSeconds = 30;

interface Credentials {
  readonly apiKey?: string;
  readonly source?: string;
}

/** The key that a server on this machine keeps in its data directory; never sent anywhere else. */
const readLocalKey = async (io: Io, url: URL): Promise<Credentials> => {
  if (!isLoopback(url)) return {};
  const path = join(resolve(io.cwd, setting(io, "DATA_DIR") ?? ".fairlead"), "admin.key");
  // Missing or unreadable: the server will say that credentials are wanted.
  const text = await readFile(path, "utf8").catch(() => "");
  return text.trim() === "" ? {} : { apiKey: text, source: path };
};

const isOf = (url: URL, profile: Profile | undefined): profile is Profile =>
  profile !== undefined && parseUrl(profile.url).origin === url.origin;

/** The first key that there is. A profile's goes to the profile's own origin and nowhere else. */
const findCredentials = async (
  io: Io,
  options: GlobalOptions,
  url: URL,
  profile: Profile | undefined,
): Promise<Credentials> => {
  if (options.apiKey !== undefined) return { apiKey: options.apiKey, source: "--api-key" };
  const fromEnvironment = setting(io, "FAIRLEAD_API_KEY");
  if (fromEnvironment !== undefined) {
    return { apiKey: fromEnvironment, source: "FAIRLEAD_API_KEY" };
  }
  if (isOf(url, profile)) return { apiKey: profile.apiKey, source: `profile ${profile.name}` };
  return readLocalKey(io, url);
};

/** Says where a profile that was asked for by name is not what decides. */
const remarkOn = (
  output: Output,
  options: GlobalOptions,
  { name, url }: Profile,
  session: Pick<Session, "url" | "keySource">,
): void => {
  if (parseUrl(url).origin !== session.url.origin) {
    const source = options.url === undefined ? "FAIRLEAD_URL" : "--url";
    printRemark(
      output,
      `${source} names another server than the profile ${name}, whose key is not sent there.`,
    );
  } else if (session.keySource === "FAIRLEAD_API_KEY") {
    printRemark(output, `FAIRLEAD_API_KEY is used instead of the key of the profile ${name}.`);
  }
};

/**
 * Works out URL, key and timeout: options go before the environment, that before the profile, and
 * that before a server on this machine with its local data directory.
 */
export const openSession = async (io: Io, options: GlobalOptions): Promise<Session> => {
  const output = { io, json: options.json === true };
  const givenUrl = options.url ?? setting(io, "FAIRLEAD_URL");
  const { profile, isNamed } = await selectProfile(io, options, givenUrl !== undefined);
  const url = parseUrl(givenUrl ?? profile?.url ?? defaultUrl);
  const { apiKey, source: keySource } = await findCredentials(io, options, url, profile);
  if (isNamed && profile !== undefined) remarkOn(output, options, profile, { url, keySource });
  const isUsed = givenUrl === undefined || keySource === `profile ${profile?.name}`;
  return {
    ...output,
    url,
    apiKey: apiKey === undefined ? undefined : parseApiKey(apiKey),
    keySource,
    profile: isUsed ? profile?.name : undefined,
    timeoutSeconds: options.timeout ?? defaultTimeoutSeconds,
  };
};
