import type { Effect } from "@/wire/types";

const WORDS: Readonly<Record<string, string>> = {
  transition: "Move the ticket", comment: "Write a comment", status: "Keep the status comment true", link: "Link the run", label: "Set labels",
  labels: "Set labels", worklog: "Write the work log", create: "Create a ticket", assign: "Assign the ticket",
};

/** What an effect outside does, and to which ticket. */
export function effectWords(effect: Pick<Effect, "kind" | "ticket" | "key">): string {
  return `${WORDS[effect.kind] ?? effect.kind}: ${effect.ticket || effect.key}`;
}
