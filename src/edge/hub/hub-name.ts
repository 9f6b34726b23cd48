import type { ScopeDefaults } from "../../context.ts";
import { appName, environmentName } from "../../http/common-shapes.ts";

const paths: ReadonlySet<string> = new Set(["/v1/stream", "/v1/stream/ws"]);

/**
 * Which hub a request belongs to: the one of its (app, environment). Undefined for what is no stream, for
 * one that is opened with a ticket, which needs a database, and for names that no hub can have: whoever
 * else answers says what is wrong with them.
 *
 * @param defaults the scope that the request's key stands for where it names none
 */
export const hubNameOf = (request: Request, defaults: ScopeDefaults): string | undefined => {
  const { pathname, searchParams } = new URL(request.url);
  if (!paths.has(pathname) || searchParams.has("ticket")) return undefined;
  if (request.method !== "GET" && request.method !== "HEAD") return undefined;
  const app = nameIn(searchParams.getAll("app"), appName, defaults.app);
  const environment = nameIn(
    searchParams.getAll("environment"),
    environmentName,
    defaults.environment,
  );
  if (app === undefined || environment === undefined) return undefined;
  return JSON.stringify([app, environment]);
};

const nameIn = (
  given: readonly string[],
  shape: typeof appName,
  fallback: string,
): string | undefined => {
  const [name] = given;
  if (name === undefined) return fallback;
  return given.length === 1 && shape.safeParse(name).success ? name : undefined;
};
