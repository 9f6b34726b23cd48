import { z } from "zod";

const wanted = "must be ports from 1 to 65535 with commas between, such as 443,8443";

/** `443, 8443` → ports. */
export const ports = z
  .string()
  .transform((text) => text.split(",").map((part) => part.trim()))
  .refine(
    (parts) => parts.every((part) => /^[1-9]\d{0,4}$/.test(part) && Number(part) <= 65_535),
    wanted,
  )
  .transform((parts): readonly number[] => parts.map(Number));
