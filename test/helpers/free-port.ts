import { once } from "node:events";
import { createServer } from "node:net";

/** A port of this machine that nobody listens on. */
export const freePort = async (): Promise<number> => {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  listener.close();
  await once(listener, "close");
  return port;
};
