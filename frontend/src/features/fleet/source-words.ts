import { span } from "@/lib/time";
import type { Source } from "@/wire/types";

/** What the platform calls its own parts, in the words of somebody who only uses them. The operator's name stands beside it. */
const PLAIN: Readonly<Record<string, string>> = { Doors: "Agent reports", Reconciler: "Scheduler", Outbox: "Outgoing updates" };

export const sourceName = ({ name }: Pick<Source, "name">): string => PLAIN[name] ?? name;

/** What it does, and for operators which part that is and who does it now. */
export const sourceDetail = ({ name, what }: Pick<Source, "name" | "what">): string => (name in PLAIN ? `${what} (${name.toLowerCase()})` : what);

/** What the word stands for and how it is, in a sentence: for the pointer, and for who comes by the keyboard. */
export function sourceWords(source: Source, now: number): string {
  const { state, note, lastAt } = source;
  const seen = lastAt === null ? note || "no sign yet" : `last sign ${span(now - lastAt)} ago${note ? `, ${note}` : ""}`;
  return `${sourceName(source)}: ${sourceDetail(source)}. ${state === "idle" ? "Idle" : state === "late" ? "Late" : state === "broken" ? "Broken" : "Alive"}, ${seen}.`;
}
