import type { AssessmentPlan, Task } from "../shapes/assessment-plan.ts";
import { createIndex, type Report, type Segment } from "./report.ts";

interface PlacedTask {
  readonly task: Task;
  readonly path: readonly Segment[];
}

const tasksOf = (tasks: readonly Task[] = [], path: readonly Segment[]): PlacedTask[] =>
  tasks.flatMap((task, index) => {
    const at = [...path, index];
    return [{ task, path: at }, ...tasksOf(task.tasks, [...at, "tasks"])];
  });

/**
 * Tasks are there once, and wait for such as are there. An activity that a task names may be missing:
 * the plan that NIST publishes as its example names one that is.
 */
export const checkAssessmentPlan = (plan: AssessmentPlan, report: Report): void => {
  const placed = tasksOf(plan.tasks, ["tasks"]);
  const uuids = createIndex(report, "uuid");
  for (const { task, path } of placed) uuids.add(task.uuid, [...path, "uuid"]);
  for (const { task, path } of placed) {
    for (const [index, dependency] of (task.dependencies ?? []).entries()) {
      const uuid = dependency["task-uuid"];
      if (uuids.has(uuid)) continue;
      const at = [...path, "dependencies", index, "task-uuid"];
      report.add(at, `names the task ${uuid}, which is not there`);
    }
  }
};
