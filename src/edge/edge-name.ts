import { createHash } from "node:crypto";

/** Consumers of edges, and of nothing else, begin so. */
export const edgeConsumerPrefix = "edge-";

/**
 * The consumer that publishes to an edge. Names of consumers have fewer letters than hosts, so a hash
 * keeps apart what would look alike.
 */
export const edgeConsumerOf = (url: string): string => {
  const { host } = new URL(url);
  const readable = host.replaceAll(/[^a-z0-9]+/g, "-").slice(0, 40);
  const hash = createHash("sha256").update(host).digest("hex").slice(0, 8);
  return `${edgeConsumerPrefix}${readable}-${hash}`;
};
