import type { PlanStep } from "@/wire/types";

/** What is kept keeps its paths and citations; a new line becomes a new step. */
export function rewrite(plan: readonly PlanStep[], text: string): PlanStep[] {
  const known = new Map(plan.map((step) => [step.title, step]));
  return text.split("\n").map((line) => line.trim()).filter((line) => line !== "")
    .map((title) => known.get(title) ?? { title, state: "changed", paths: [], citations: [], note: "Written by a person" });
}
