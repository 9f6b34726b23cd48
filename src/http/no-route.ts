import type { Hono } from "hono";
import { Problem } from "../errors.ts";
import type { AppEnv } from "./route.ts";

/**
 * Why a request found no route: a known path with another method is 405 and says which methods there
 * are, every other path is 404. To be asked when all routes are mounted.
 */
export const explainNoRoute = (app: Hono<AppEnv>): ((path: string) => Problem) => {
  const doors = app.routes.filter(({ method }) => method !== "ALL");
  const paths = [...Map.groupBy(doors, ({ path }) => path)]
    // A path without parameters is meant before one with them.
    .toSorted(([one], [other]) => one.split(":").length - other.split(":").length)
    .map(([path, known]) => ({
      pattern: new RegExp(`^${path.replaceAll(/:\w+/g, "[^/]+")}$`),
      methods: new Set(known.map(({ method }) => method)),
    }));
  return (path) => {
    const found = paths.find(({ pattern }) => pattern.test(path));
    if (found === undefined) return new Problem("NOT_FOUND", `There is no route ${path}.`);
    const methods = [...found.methods, ...(found.methods.has("GET") ? ["HEAD"] : [])];
    const allow = methods.sort().join(", ");
    return new Problem("METHOD_NOT_ALLOWED", `${path} knows ${allow}.`, { headers: { allow } });
  };
};
