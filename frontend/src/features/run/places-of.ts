import type { Citation, PlanStep } from "@/wire/types";

/** All that a step names: what it cites, then the files it means to touch beside that. What is counted is what is shown. */
export function placesOf(step: PlanStep): Citation[] {
  const cited = new Set(step.citations.map((cite) => cite.path));
  return [...step.citations, ...[...new Set(step.paths)].filter((path) => !cited.has(path)).map((path) => ({ path, line: 0, symbol: "" }))];
}
