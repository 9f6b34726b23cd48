import type { Variant } from "./job.ts";

/** The keys and values of the write scenario: the same for every system under test. */

const keysPerApp = 1_000;
const valueBytes = 1_024;
export const environment = "production";

const apps = 8;
const keysPerClient = 250;

/** Where one put goes: the number of its app and of its key within the app. */
export interface Address {
  readonly app: number;
  readonly key: number;
}

/** Eight apps; the clients of one app share its keys out among themselves. */
export const addressToUpdate = (client: number, request: number): Address => ({
  app: client % apps,
  key: Math.floor(client / apps) * keysPerClient + (request % keysPerClient),
});

/** The `count`th new key of the run, whichever client asks: an app is filled, then the next is begun. */
export const addressToCreate = (count: number): Address => ({
  app: Math.floor(count / keysPerApp),
  key: count % keysPerApp,
});

/** Every address that `addressToUpdate` can give to so many clients, by app. */
export function addressesToSeed(clients: number): Address[][] {
  const used = Math.ceil(clients / apps) * keysPerClient;
  return Array.from({ length: Math.min(apps, clients) }, (_, app) =>
    Array.from({ length: used }, (__, key) => ({ app, key })),
  );
}

const digits = (value: number, width: number): string => String(value).padStart(width, "0");

export const appName = (run: string, variant: Variant, app: number): string =>
  `${variant}-${run}-${digits(app, 6)}`;

export const keyName = (key: number): string => `service.setting.${digits(key, 4)}`;

export const etcdKey = (run: string, variant: Variant, address: Address): string =>
  `/config/${appName(run, variant, address.app)}/${environment}/${keyName(address.key)}`;

const filler = pseudoRandomText(valueBytes - 12);

/** 1,024 bytes that no two sequence numbers share: a put of the value that is there already is no write to Fairlead. */
export const valueText = (sequence: number): string => digits(sequence, 12) + filler;

/** Letters and digits that compression gains little on; a linear congruential generator, the same in every run. */
function pseudoRandomText(length: number): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  let state = 1;
  let text = "";
  while (text.length < length) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    text += alphabet.charAt(state >>> 26);
  }
  return text;
}
