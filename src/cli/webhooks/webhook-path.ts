import { refusal } from "../failure.ts";

const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Refuses what no id of a webhook or delivery looks like before it becomes part of a path. */
export const checkedId = (id: string, shownBy: string): string => {
  const lower = id.toLowerCase();
  if (!uuid.test(lower)) throw refusal("id", `This is no id; \`fairlead ${shownBy}\` shows them.`);
  return lower;
};

/** Where a webhook is, or what belongs to it. */
export const webhookPath = (id: string, ...more: readonly string[]): string =>
  ["v1/webhooks", checkedId(id, "webhooks list"), ...more].join("/");
