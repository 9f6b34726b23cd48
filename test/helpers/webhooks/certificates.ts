import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

interface Certificate {
  /** PEM. */
  readonly cert: string;
  readonly key: string;
}

const der = (tag: number, ...parts: readonly Uint8Array[]): Buffer => {
  const content = Buffer.concat(parts);
  const length =
    content.length < 128
      ? [content.length]
      : [0x82, Math.floor(content.length / 256), content.length % 256];
  return Buffer.concat([Buffer.from([tag, ...length]), content]);
};

const sequence = (...parts: readonly Uint8Array[]): Buffer => der(0x30, ...parts);
const objectId = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));

const commonName = (name: string): Buffer =>
  sequence(der(0x31, sequence(objectId("550403"), der(0x0c, Buffer.from(name)))));

const time = (date: Date): Buffer =>
  der(0x18, Buffer.from(date.toISOString().replaceAll(/[-:T]|\.\d+/g, "")));

const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"));

interface Wanted {
  /** DNS names; an IPv4 address counts as an address. */
  readonly names: readonly string[];
  readonly validUntil?: Date;
}

const extensions = (names: readonly string[]): Buffer => {
  const alternatives = names.map((name) =>
    /^[\d.]+$/.test(name)
      ? der(0x87, Buffer.from(name.split(".").map(Number)))
      : der(0x82, Buffer.from(name)),
  );
  const subjectAlternatives = sequence(objectId("551d11"), der(0x04, sequence(...alternatives)));
  const isAuthority = sequence(
    objectId("551d13"),
    der(0x04, sequence(der(0x01, Buffer.from([0xff])))),
  );
  return der(0xa3, sequence(subjectAlternatives, isAuthority));
};

/** A certificate that signs itself, as X.509 version 3 (RFC 5280). */
export const createCertificate = ({ names, validUntil }: Wanted): Certificate => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = commonName(`test ${randomBytes(4).toString("hex")}`);
  const until = validUntil ?? new Date(Date.now() + 86_400_000);
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    ecdsaWithSha256,
    name,
    sequence(time(new Date(Date.now() - 172_800_000)), time(until)),
    name,
    publicKey.export({ format: "der", type: "spki" }),
    extensions(names),
  );
  const signature = der(0x03, Buffer.from([0]), sign("sha256", body, privateKey));
  const whole = sequence(body, ecdsaWithSha256, signature).toString("base64");
  return {
    cert: `-----BEGIN CERTIFICATE-----\n${whole.replaceAll(/.{64}/g, "$&\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  };
};
