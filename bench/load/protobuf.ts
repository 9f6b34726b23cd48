/**
 * The few etcd messages of the bench, encoded by hand (etcdserverpb, rpc.proto of etcd 3.4).
 * Every field of theirs that is used here is length-delimited: a tag byte, the length, the bytes.
 */

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest > 0x7f) {
    bytes.push((rest & 0x7f) | 0x80);
    rest >>>= 7;
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

const field = (number: number, content: Buffer): Buffer[] => [
  Buffer.from([(number << 3) | 2]),
  varint(content.length),
  content,
];

/** `PutRequest { bytes key = 1; bytes value = 2; }` */
export const encodePut = (key: Buffer, value: Buffer): Buffer =>
  Buffer.concat([...field(1, key), ...field(2, value)]);

/** `RangeRequest { bytes key = 1; }`: one key, and as etcd's default is, linearizable. */
export const encodeRange = (key: Buffer): Buffer => Buffer.concat(field(1, key));

/** `TxnRequest { repeated RequestOp success = 2; }` of `RequestOp { PutRequest request_put = 2; }`, no compares. */
export const encodeTxn = (puts: readonly Buffer[]): Buffer =>
  Buffer.concat(puts.flatMap((put) => field(2, Buffer.concat(field(2, put)))));

/** gRPC's length-prefixed message, not compressed. */
export function frameMessage(message: Buffer): Buffer {
  const framed = Buffer.allocUnsafe(5 + message.length);
  framed.writeUInt8(0, 0);
  framed.writeUInt32BE(message.length, 1);
  message.copy(framed, 5);
  return framed;
}
