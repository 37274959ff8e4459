import type { Run } from "@/wire/types";

/** Where it landed, by the commit that holds it there. */
export const mergedWord = ({ proposal }: Run): string =>
  proposal?.mergeSha ? `Merged as ${proposal.mergeSha.slice(0, 7)} into ${proposal.base}` : `Merged into ${proposal?.base ?? "its branch"}`;

/** Runs that were not merged when they were last looked at, and are now. What was merged before is no news. */
export function fresh(seen: Map<string, string>, runs: Iterable<Run>): Run[] {
  const landed: Run[] = [];
  for (const run of runs) {
    const before = seen.get(run.id);
    if (before !== undefined && before !== "merged" && run.phase === "merged") landed.push(run);
    seen.set(run.id, run.phase);
  }
  return landed;
}
