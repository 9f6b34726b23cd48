import type { Json } from "../../platform/json.ts";
import { scopeNamePattern } from "../../platform/names.ts";
import { refusal } from "../failure.ts";

const selector = "spring.config.activate.on-profile";

/** Selectors without a counterpart here: to ignore one would apply its document everywhere. */
const unsupported: ReadonlyMap<string, string> = new Map([
  ["spring.config.activate.on-cloud-platform", "a cloud platform is not an environment"],
  ["spring.profiles", `Spring Boot 2.4 replaced it by ${selector}`],
]);

/** The settings of one document, by their dotted keys. */
export type Settings = Map<string, { readonly value: Json }>;

const nameOf = (value: Json, place: string): string => {
  if (typeof value !== "string") {
    throw refusal(place, `${selector} must be a profile's name, or a list of names (quote it).`);
  }
  const name = value.trim();
  if (/[&|!()]/.test(name)) {
    throw refusal(
      place,
      `${selector} is the expression "${name}"; only plain names can become environments. Write one document per profile.`,
    );
  }
  if (!scopeNamePattern.test(name)) {
    throw refusal(place, `${selector} is "${name}", which no environment can be called.`);
  }
  return name;
};

/**
 * The profiles that select a document, and the selector taken out of its settings; undefined when
 * the document is for every profile.
 * @see https://docs.spring.io/spring-boot/reference/features/external-config.html#features.external-config.files.activation-properties
 */
export const takeProfiles = (settings: Settings, place: string): readonly string[] | undefined => {
  for (const [key, reason] of unsupported) {
    const value = settings.get(key)?.value;
    if (typeof value === "string" || Array.isArray(value)) {
      throw refusal(place, `${key} selects this document, and cannot be followed: ${reason}.`);
    }
  }
  const selected = settings.get(selector)?.value;
  if (selected === undefined) return undefined;
  settings.delete(selector);
  const texts = typeof selected === "string" ? selected.split(",") : selected;
  const list = Array.isArray(texts) ? texts : [texts];
  if (list.length === 0) throw refusal(place, `${selector} names no profile.`);
  return [...new Set(list.map((item) => nameOf(item, place)))];
};
