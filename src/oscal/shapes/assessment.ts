/** What assessment plans and assessment results share. */
import { z } from "zod";
import { includeAll, properties, text, token, uuid } from "./common.ts";

const controls = z.array(z.looseObject({ "control-id": token })).exactOptional();

export const reviewedControls = z.looseObject({
  "control-selections": z.array(
    z.looseObject({
      "include-all": includeAll.exactOptional(),
      "include-controls": controls,
      "exclude-controls": controls,
    }),
  ),
});

const selectedSubjects = z
  .array(z.looseObject({ "subject-uuid": uuid, type: z.string() }))
  .exactOptional();

export const subject = z.looseObject({
  type: z.string().min(1, "must say something"),
  "include-all": includeAll.exactOptional(),
  "include-subjects": selectedSubjects,
  "exclude-subjects": selectedSubjects,
});

export const localComponent = z.looseObject({
  uuid,
  type: z.string(),
  title: text,
  description: text,
  status: z.looseObject({ state: z.string() }),
  props: properties,
});
