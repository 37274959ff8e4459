import { span } from "@/lib/time";
import type { Source } from "@/wire/types";

/** What the word stands for and how it is, in a sentence: for the pointer, and for who comes by the keyboard. */
export function sourceWords({ name, what, state, note, lastAt }: Source, now: number): string {
  const seen = lastAt === null ? note || "no sign yet" : `last sign ${span(now - lastAt)} ago${note ? `, ${note}` : ""}`;
  return `${name}: ${what}. ${state === "idle" ? "Idle" : state === "late" ? "Late" : state === "broken" ? "Broken" : "Alive"}, ${seen}.`;
}
