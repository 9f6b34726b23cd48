import { expect } from "vitest";
import type { Api, HeadersOf } from "../helpers/http-api.ts";
import { bearer, type Grant, makeKey, type NewKey } from "./access-vocabulary.ts";
import { unique } from "./vocabulary.ts";

/** An API key, and the server as its owner sees it. */
interface LimitedKey {
  readonly id: string;
  readonly key: string;
  readonly api: Api;
}

/** Makes an API key with these grants. */
export const createKey = async (
  api: Api,
  grants: readonly Grant[],
  more: Partial<NewKey> = {},
): Promise<LimitedKey> => {
  const { id, key } = await makeKey(api, grants, more);
  return { id, key, api: asKey(api, key) };
};

/** Makes a role of these actions, and answers its name. */
export const createRole = async (api: Api, actions: readonly string[]): Promise<string> => {
  const name = unique("role");
  expect(await api.post("/v1/roles", { name, actions })).toHaveStatus(201);
  return name;
};

/** Talks to the same server with another key. What is sent as it is stays as it is. */
const asKey = (api: Api, key: string): Api => {
  const withKey = (headers: HeadersOf = {}): HeadersOf => ({ ...bearer(key), ...headers });
  return {
    get: (path, headers) => api.get(path, withKey(headers)),
    head: (path, headers) => api.head(path, withKey(headers)),
    post: (path, body, headers) => api.post(path, body, withKey(headers)),
    put: (path, body, headers) => api.put(path, body, withKey(headers)),
    patch: (path, body, headers) => api.patch(path, body, withKey(headers)),
    delete: (path, headers) => api.delete(path, withKey(headers)),
    sendText: (method, path, type, text) =>
      api.send({
        method,
        path,
        headers: withKey({ "content-type": type }),
        ...(text === undefined ? {} : { body: text }),
      }),
    send: (request) => api.send(request),
  };
};
