import type { Logger } from "../platform/log.ts";
import type { Settings } from "../platform/settings.ts";
import { checkHead } from "./check-head.ts";
import { problemResponse } from "./problem-response.ts";
import { requestInfo } from "./request-info.ts";
import { securityHeaders } from "./security-headers.ts";

/** Lets a request through to who answers it, and sees to what every answer must have. */
export type Door = (
  request: Request,
  answer: () => Response | Promise<Response>,
) => Promise<Response>;

/**
 * What stands before the app where the runtime's own server cannot do it; on Node
 * `src/entry/create-http-server.ts` does, at half the cost for a read.
 */
export const createDoor = (settings: Settings, log: Logger): Door => {
  const fields = Object.entries(securityHeaders(settings));
  return async (request, answer) => {
    const response = await answerOrRefuse(request, answer, settings, log);
    for (const [name, value] of fields) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  };
};

const answerOrRefuse = async (
  request: Request,
  answer: () => Response | Promise<Response>,
  { maxHeaderBytes }: Settings,
  log: Logger,
): Promise<Response> => {
  try {
    checkHead(request, maxHeaderBytes);
    return await answer();
  } catch (error) {
    return problemResponse(error, requestInfo(request.headers, undefined).id, log);
  }
};
