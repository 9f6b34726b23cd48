import { usageFailure } from "./failure.ts";

// The messages never repeat the text: a URL may hold a password.
export const parseUrl = (text: string): URL => {
  const url = URL.parse(text);
  if (url === null || !["http:", "https:"].includes(url.protocol)) {
    throw usageFailure("The server's URL must be an absolute http or https URL.");
  }
  if (url.username !== "" || url.password !== "") {
    throw usageFailure("The server's URL must not hold credentials: use FAIRLEAD_API_KEY.");
  }
  return url;
};

/** Whether the server is on this machine. */
export const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname);
