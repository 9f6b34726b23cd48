import { connect as connectTcp, isIP, type LookupFunction, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { buildConnector } from "undici";
import type { OutboundRules } from "../../src/webhooks/outbound/rules.ts";
import { classifyFailure, classifyTlsFailure } from "./classify-failure.ts";
import { findAddresses, type Target } from "./find-addresses.ts";
import { SendFailure } from "./outcome.ts";
import type { ResolveName } from "./resolve-name.ts";

export interface ConnectorOptions {
  readonly rules: OutboundRules;
  readonly resolve: ResolveName;
  /** For name, connection and TLS together. */
  readonly timeoutMs: number;
}

export interface Connector {
  readonly connect: buildConnector.connector;
  /** Gives up the connections that are being made. */
  close(): void;
}

/** After this a further address of the name is tried beside it. */
const nextAddressMs = 1_000;

/** Answers what was checked, so that nobody looks the name up a second time. */
const answering =
  (addresses: readonly string[]): LookupFunction =>
  (_name, _options, callback) => {
    callback(
      null,
      addresses.map((address) => ({ address, family: isIP(address) })),
    );
  };

/** The certificate is checked for the name, or for the address where the URL has one. */
const openSocket = (target: Target, addresses: readonly string[]): Socket => {
  const isTls = target.protocol === "https:";
  const options = {
    host: target.hostname,
    port: Number(target.port || (isTls ? 443 : 80)),
    lookup: answering(addresses),
    autoSelectFamily: true,
    autoSelectFamilyAttemptTimeout: nextAddressMs,
    noDelay: true,
    keepAlive: true,
  };
  if (!isTls) return connectTcp(options);
  const names = isIP(target.hostname) === 0 ? { servername: target.hostname } : {};
  return connectTls({ ...options, ...names, ALPNProtocols: ["http/1.1"] });
};

const established = (socket: Socket, isTls: boolean): Promise<Socket> => {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const fail = (error: unknown): void => {
    const { kind, error: message } = isTls ? classifyTlsFailure(error) : classifyFailure(error);
    reject(new SendFailure(kind, message, { cause: error }));
  };
  socket.once(isTls ? "secureConnect" : "connect", () => resolve(socket));
  // It stays for good: a socket may fail before its new owner listens, and more than once.
  socket.on("error", fail);
  socket.once("close", () => reject(new SendFailure("connection", "The connection was closed.")));
  return promise;
};

/**
 * Makes undici's connections: looks the name up, checks every address, and connects to one of those
 * that were checked. What a name means may have changed by the next look-up.
 */
export const createConnector = ({ timeoutMs, ...options }: ConnectorOptions): Connector => {
  const opening = new Set<(error: Error) => void>();

  const open = async (target: Target): Promise<Socket> => {
    const { promise: given, reject: giveUp } = Promise.withResolvers<never>();
    let socket: Socket | undefined;
    const late = new SendFailure("timeout", "No connection could be made in time.");
    const timer = setTimeout(giveUp, timeoutMs, late);
    opening.add(giveUp);
    try {
      const addresses = await Promise.race([findAddresses(target, options), given]);
      socket = openSocket(target, addresses);
      return await Promise.race([established(socket, target.protocol === "https:"), given]);
    } catch (error) {
      socket?.destroy();
      throw error;
    } finally {
      clearTimeout(timer);
      opening.delete(giveUp);
    }
  };

  const handOver = async (target: Target, callback: buildConnector.Callback): Promise<void> => {
    let socket: Socket;
    try {
      socket = await open(target);
    } catch (error) {
      callback(error as Error, null);
      return;
    }
    callback(null, socket);
  };

  return {
    connect({ hostname, port, protocol }, callback) {
      void handOver({ hostname, port, protocol }, callback);
    },
    close() {
      for (const giveUp of opening) giveUp(new SendFailure("aborted", "The sender was closed."));
    },
  };
};
