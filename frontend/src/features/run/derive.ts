import { stands } from "@/lib/standing";
import type { PlanStep, TimelineEvent } from "@/wire/types";

/**
 * Events that belong together on the page. `plan` is the index of the plan step, null before and after the plan; `number` is
 * the step's own, as the plan counts it, where the chapter is that step.
 */
export interface Chapter {
  key: string; title: string; plan: number | null; number: number | null; events: TimelineEvent[]; sha: string; costMicro: number; failed: boolean; undone: boolean; lastStep: number;
}

/**
 * The ledger folded for reading: what came before the plan, each stretch of work on a plan step, a new attempt, and
 * what follows the seal. Pure; the same events give the same chapters, whether they came at once or one by one.
 */
export function chapters(events: readonly TimelineEvent[], plan: readonly PlanStep[]): Chapter[] {
  const made: Chapter[] = [];
  for (const event of events) {
    const begins = opens(event, plan, made.at(-1));
    if (begins) made.push({ key: `${event.seq}`, title: begins.title, plan: begins.plan, number: begins.number ?? null, events: [], sha: "", costMicro: 0, failed: false, undone: false, lastStep: 0 });
    add(made.at(-1)!, event);
  }
  return made;
}

/** The title of the chapter that this event opens, if it opens one. */
function opens(event: TimelineEvent, plan: readonly PlanStep[], now: Chapter | undefined): { title: string; plan: number | null; number?: number } | undefined {
  if (event.kind === "progressed" && event.planStep !== null && event.detail === "active" && event.planStep !== now?.plan) {
    return { title: plan[event.planStep]?.title ?? `Step ${event.planStep + 1}`, plan: event.planStep, number: event.planStep + 1 };
  }
  if (event.kind === "sealed") return { title: "Sealed: evidence and review", plan: null };
  if (event.kind === "resumed") return { title: event.text || `Attempt ${event.epoch} goes on`, plan: now?.plan ?? null };
  return now ? undefined : { title: event.seq <= 2 ? "Understand, locate, plan" : "Earlier", plan: null };
}

function add(chapter: Chapter, event: TimelineEvent): void {
  chapter.events.push(event);
  chapter.costMicro += event.costMicro;
  chapter.lastStep = Math.max(chapter.lastStep, event.step);
  if (event.sha) chapter.sha = event.sha;
  if (event.what === "error") chapter.failed = true;
  // What the platform did in between stands, and keeps no chapter from being undone.
  chapter.undone = chapter.events.some((one) => one.undone) && chapter.events.every((one) => one.undone || stands(one));
}

/** Money lines are summed in the chapter's head; a page of them would hide the work. */
export const drawn = (event: TimelineEvent): boolean => event.what !== "cost";

export function found(event: TimelineEvent, search: string): boolean {
  return `${event.text} ${event.detail} ${event.output}`.toLowerCase().includes(search.toLowerCase());
}

/** What the agent's shell printed so far, for a terminal: each command, then its output. */
export function transcript(events: readonly TimelineEvent[]): string {
  return events.filter((event) => event.what === "shell" || event.what === "test")
    .map((event) => `\x1b[2m$ ${clean(event.detail || event.text)}\x1b[22m\n${clean(event.output)}`.trimEnd()).join("\n");
}

/** The same without colours, for a block of text. */
export const plain = (text: string): string => clean(text).replace(/\x1b\[[0-9;:]*m/g, "");

/** Colours stay; whatever else a program could say to a terminal (titles, clipboard, cursor, links) is dropped. */
export function clean(text: string): string {
  return text
    .replace(/\x1b[\]PX^_][\s\S]*?(?:\x07|\x1b\\|$)/g, "")
    .replace(/\x1b\[[0-?]*[ -/]*([@-~])/g, (whole, end: string) => (end === "m" ? whole : ""))
    .replace(/\x1b(?!\[)[ -/]*[0-~]?/g, "")
    .replace(/\r\n?/g, "\n")
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\x80-\x9f]/g, "");
}
