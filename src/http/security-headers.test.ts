import { expect, it } from "vitest";
import { securityHeaders } from "./security-headers.ts";

it("promises TLS only where the public URL has it", () => {
  const promise = (publicUrl: string | undefined) =>
    securityHeaders({ publicUrl })["strict-transport-security"];
  expect(promise("https://config.example.org")).toBe("max-age=31536000");
  expect(promise("HTTPS://config.example.org/fairlead")).toBe("max-age=31536000");
  expect(promise("http://127.0.0.1:8787")).toBeUndefined();
  expect(promise(undefined)).toBeUndefined();
});
