import { expect, test } from "vitest";
import { parseOptions } from "./options.ts";

test("takes scenarios and lists", () => {
  const options = parseOptions(["writes", "--clients", "1,32", "--systems", "etcd-grpc,fairlead"]);
  expect(options).toMatchObject({
    scenarios: ["writes"],
    clients: [1, 32],
    systems: ["fairlead", "etcd-grpc"],
    rounds: 3,
    cores: undefined,
    save: false,
  });
});

test.each([
  [["--clients", "0"], "not positive"],
  [["--seconds", "x"], "not positive"],
  [["--systems", "etcd-grpc,redis"], 'there is no "redis"'],
  [["--speed"], "--speed"],
])("refuses %j", (args, message) => {
  expect(() => parseOptions(args)).toThrow(message);
});
