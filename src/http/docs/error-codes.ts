import { catalogue, type ErrorCode } from "../../errors.ts";
import {
  dereference,
  type MediaType,
  type OpenApiDocument,
  type ResponseObject,
  resolveSchema,
  type Schema,
} from "./openapi.ts";

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(catalogue, code);

/** The catalogue's codes in its order. */
export const errorCodes: readonly ErrorCode[] = Object.keys(catalogue).filter(isErrorCode);

const codesOfSchema = (document: OpenApiDocument, declared: Schema): unknown[] => {
  const schema = resolveSchema(document, declared);
  if (schema === undefined) return [];
  const member = schema.properties?.["code"];
  const code = member === undefined ? undefined : resolveSchema(document, member);
  const parts = [...(schema.allOf ?? []), ...(schema.oneOf ?? []), ...(schema.anyOf ?? [])];
  return [
    code?.const,
    ...(code?.enum ?? []),
    ...parts.flatMap((part) => codesOfSchema(document, part)),
  ];
};

const codeOf = (problem: unknown): unknown =>
  typeof problem === "object" && problem !== null && "code" in problem ? problem.code : undefined;

const codesOfExamples = (document: OpenApiDocument, media: MediaType): unknown[] => [
  codeOf(media.example),
  ...Object.values(media.examples ?? {}).map((example) =>
    codeOf(dereference(document.components?.examples, example)?.value),
  ),
];

/**
 * The codes that a response can carry: those that its description, its examples or an
 * `x-error-codes` list name; failing that, those that its schema allows, or all of its status.
 */
export const errorCodesOf = (
  document: OpenApiDocument,
  status: string,
  response: ResponseObject,
): ErrorCode[] => {
  const media = Object.values(response.content ?? {});
  const extension: unknown = response["x-error-codes"];
  const listed: readonly unknown[] = Array.isArray(extension) ? extension : [];
  const sources: readonly (readonly unknown[])[] = [
    [
      ...listed,
      ...(response.description.match(/\b[A-Z]+(?:_[A-Z]+)*\b/g) ?? []),
      ...media.flatMap((body) => codesOfExamples(document, body)),
    ],
    media.flatMap((body) =>
      body.schema === undefined ? [] : codesOfSchema(document, body.schema),
    ),
    errorCodes,
  ];
  const ofStatus = errorCodes.filter((code) => String(catalogue[code].status) === status);
  for (const source of sources) {
    const codes = ofStatus.filter((code) => source.includes(code));
    if (codes.length > 0) return codes;
  }
  return [];
};
