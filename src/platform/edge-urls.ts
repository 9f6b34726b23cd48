import { z } from "zod";

const wanted =
  "must be https: URLs of edges with commas between, each of another host, without path or user name; http: on this machine alone";

const isLoopback = (host: string): boolean => /^(127\.0\.0\.1|localhost|\[::1\])$/.test(host);

const isEdgeUrl = (text: string): boolean => {
  if (!URL.canParse(text)) return false;
  const { hostname, origin, protocol } = new URL(text);
  if (origin !== text && `${origin}/` !== text) return false;
  return protocol === "https:" || (protocol === "http:" && isLoopback(hostname));
};

const areDistinct = (urls: readonly string[]): boolean =>
  new Set(urls.map((url) => new URL(url).host)).size === urls.length;

/** `https://edge.example.org,http://127.0.0.1:8788` → the edges that layers are published to. */
export const edgeUrls = z
  .string()
  .transform((text) => text.split(",").map((url) => url.trim()))
  .refine((urls) => urls.every(isEdgeUrl) && areDistinct(urls), wanted);
