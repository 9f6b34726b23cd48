import { z } from "zod";

const wanted =
  'must be exact origins with commas between, such as https://app.example.org: no "*", no path, no slash at the end, no user name';

/** `https://a.example,http://localhost:3000` → its origins, each as a browser would send it. */
export const origins = z
  .string()
  .transform((text) => text.split(",").map((origin) => origin.trim()))
  .refine((list) => list.every(isOrigin), wanted);

const isOrigin = (text: string): boolean => {
  if (text.includes("*") || !URL.canParse(text)) return false;
  const { origin, protocol } = new URL(text);
  return origin === text && (protocol === "https:" || protocol === "http:");
};
