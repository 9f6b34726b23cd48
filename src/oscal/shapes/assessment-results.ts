import { z } from "zod";
import { localComponent, reviewedControls } from "./assessment.ts";
import { backMatter, dateTime, metadata, properties, text, token, uuid } from "./common.ts";

const observation = z.looseObject({
  uuid,
  description: text,
  props: properties,
  methods: z.array(z.string()).min(1, "must name one"),
  subjects: z
    .array(z.looseObject({ "subject-uuid": uuid, type: z.string() }))
    .min(1, "must name one")
    .exactOptional(),
  "relevant-evidence": z.array(z.looseObject({ description: text })).exactOptional(),
  collected: dateTime,
});

const finding = z.looseObject({
  uuid,
  title: text,
  description: text,
  target: z.looseObject({
    type: z.enum(["statement-id", "objective-id"]),
    "target-id": token,
    status: z.looseObject({
      state: z.enum(["satisfied", "not-satisfied"]),
      reason: token.exactOptional(),
    }),
  }),
  "related-observations": z.array(z.looseObject({ "observation-uuid": uuid })).exactOptional(),
});

const result = z.looseObject({
  uuid,
  title: text,
  description: text,
  start: dateTime,
  end: dateTime.exactOptional(),
  "local-definitions": z
    .looseObject({ components: z.array(localComponent).exactOptional() })
    .exactOptional(),
  "reviewed-controls": reviewedControls,
  observations: z.array(observation).min(1, "must hold one").exactOptional(),
  findings: z.array(finding).min(1, "must hold one").exactOptional(),
});

export const assessmentResultsShape = z.looseObject({
  uuid,
  metadata,
  "import-ap": z.looseObject({ href: z.string().min(1, "must say something") }),
  results: z.array(result).min(1, "must hold one"),
  "back-matter": backMatter.exactOptional(),
});

export type AssessmentResults = z.output<typeof assessmentResultsShape>;
