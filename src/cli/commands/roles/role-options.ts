import type { Command } from "commander";
import { scopeNamePattern } from "../../../platform/names.ts";
import { repeatable } from "../../define-command.ts";
import { refusal } from "../../failure.ts";

export interface RoleOptions {
  readonly action: readonly string[];
  readonly description?: string;
}

export const withRoleOptions = (command: Command): Command =>
  command
    .addOption(
      repeatable(
        "--action <action>",
        "what the role permits, such as entries.read; repeatable; the role admin has them all",
      ).makeOptionMandatory(),
    )
    .option("--description <text>", "what the role is for");

/** The members of a role in a request. */
export const roleMembers = ({ action, description }: RoleOptions) => ({
  ...(description === undefined ? {} : { description }),
  actions: action,
});

/** The path of a role, whose name is checked before it becomes part of it. */
export const rolePath = (name: string): string => {
  if (!scopeNamePattern.test(name)) {
    throw refusal("name", "A role's name has letters, digits, '.', '_' and '-'.");
  }
  return `v1/roles/${encodeURIComponent(name)}`;
};
