import { createSocket } from "node:dgram";
import { once } from "node:events";
import { isIPv4 } from "node:net";

export interface NameServer {
  /** `127.0.0.1:5353`, as `setServers` takes it. */
  readonly address: string;
  /** What was asked, as `name A` or `name AAAA`, in order. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

const types: Readonly<Record<number, string>> = { 1: "A", 28: "AAAA" };

/** The first question of a message, and where it ends (RFC 1035, 4.1.2). */
const questionOf = (message: Buffer): { name: string; type: number; end: number } => {
  const labels: string[] = [];
  let at = 12;
  for (let length = message[at] ?? 0; length > 0; length = message[at] ?? 0) {
    labels.push(message.toString("latin1", at + 1, at + 1 + length));
    at += 1 + length;
  }
  return { name: labels.join(".").toLowerCase(), type: message.readUInt16BE(at + 1), end: at + 5 };
};

const bytesOf = (address: string): Buffer => {
  if (isIPv4(address)) return Buffer.from(address.split(".").map(Number));
  const [head = "", tail = ""] = address.split("::");
  const groups = (text: string): string[] => (text === "" ? [] : text.split(":"));
  const missing = 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array.from({ length: missing }, () => "0"), ...groups(tail)];
  return Buffer.from(all.map((group) => group.padStart(4, "0")).join(""), "hex");
};

const recordOf = (type: number, address: string): Buffer => {
  const data = bytesOf(address);
  const head = Buffer.alloc(12);
  // A pointer to the name of the question; time to live 0.
  head.writeUInt16BE(0xc00c, 0);
  head.writeUInt16BE(type, 2);
  head.writeUInt16BE(1, 4);
  head.writeUInt16BE(data.length, 10);
  return Buffer.concat([head, data]);
};

const replyTo = (message: Buffer, addresses: readonly string[], type: number): Buffer => {
  const { end } = questionOf(message);
  const reply = Buffer.from(message.subarray(0, end));
  reply.writeUInt16BE(0x8180, 2);
  reply.writeUInt16BE(addresses.length, 6);
  reply.writeUInt16BE(0, 8);
  reply.writeUInt16BE(0, 10);
  return Buffer.concat([reply, ...addresses.map((address) => recordOf(type, address))]);
};

/**
 * A name server on UDP.
 *
 * @param answer addresses of a name, of either family; `undefined` gives no answer at all
 */
export const startNameServer = async (
  answer: (name: string, type: string) => readonly string[] | undefined,
): Promise<NameServer> => {
  const asked: string[] = [];
  const socket = createSocket("udp4");
  socket.on("message", (message, { address, port }) => {
    const { name, type } = questionOf(message);
    asked.push(`${name} ${types[type] ?? type}`);
    const addresses = answer(name, types[type] ?? "");
    if (addresses === undefined) return;
    const fitting = addresses.filter((text) => isIPv4(text) === (type === 1));
    socket.send(replyTo(message, fitting, type), port, address);
  });
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async stop() {
      socket.close();
      await once(socket, "close");
    },
  };
};
