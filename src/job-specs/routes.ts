import type { Route } from "../http/route.ts";
import { jobSpecListRoutes } from "./leases/job-spec-routes.ts";
import { runtimeRoutes } from "./leases/runtime-routes.ts";
import { keyRoutes } from "./signing/routes.ts";

export const jobSpecRoutes: readonly Route[] = [
  ...runtimeRoutes,
  ...jobSpecListRoutes,
  ...keyRoutes,
];
