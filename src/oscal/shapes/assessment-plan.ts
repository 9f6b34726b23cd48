import { z } from "zod";
import { localComponent, reviewedControls, subject } from "./assessment.ts";
import { backMatter, links, metadata, properties, text, uuid } from "./common.ts";

const activity = z.looseObject({ uuid, description: text, props: properties, links });

const task = z.looseObject({
  uuid,
  type: z.string().min(1, "must say something"),
  title: text,
  props: properties,
  links,
  dependencies: z.array(z.looseObject({ "task-uuid": uuid })).exactOptional(),
  "associated-activities": z.array(z.looseObject({ "activity-uuid": uuid })).exactOptional(),
  subjects: z.array(subject).exactOptional(),
  get tasks() {
    return z.array(task).exactOptional();
  },
});

export const assessmentPlanShape = z.looseObject({
  uuid,
  metadata,
  "import-ssp": z.looseObject({ href: z.string() }),
  "local-definitions": z
    .looseObject({
      components: z.array(localComponent).exactOptional(),
      activities: z.array(activity).exactOptional(),
    })
    .exactOptional(),
  "reviewed-controls": reviewedControls,
  "assessment-subjects": z.array(subject).exactOptional(),
  tasks: z.array(task).exactOptional(),
  "back-matter": backMatter.exactOptional(),
});

export type AssessmentPlan = z.output<typeof assessmentPlanShape>;
export type Task = z.output<typeof task>;
