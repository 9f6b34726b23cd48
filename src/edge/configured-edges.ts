import type { Settings } from "../platform/settings.ts";
import { edgeConsumerOf } from "./edge-name.ts";
import { createRemoteAuthority, type RemoteAuthority } from "./remote-authority.ts";

export interface ConfiguredEdge {
  /** The host of its URL, which is what it is called. */
  readonly host: string;
  readonly consumer: string;
  /** As a publisher, or who asks how it is doing, reaches it. */
  readonly connect: (more?: {
    readonly timeoutMs: number;
    readonly attempts: number;
  }) => RemoteAuthority;
}

/** The edges that the settings name. */
export const configuredEdges = ({
  edgePublishSecret: secret = "",
  edgeUrls = [],
}: Pick<Settings, "edgePublishSecret" | "edgeUrls">): readonly ConfiguredEdge[] =>
  edgeUrls.map((url) => ({
    host: new URL(url).host,
    consumer: edgeConsumerOf(url),
    connect: (more) => createRemoteAuthority({ url, secret, ...more }),
  }));
