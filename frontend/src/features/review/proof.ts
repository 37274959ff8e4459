import type { Proposal } from "@/wire/types";

/** The figures of proof in one line; without a check there is none, and the line says so. What was red before is said as that. */
export function proofWord({ failToPass, passToPass, broken, stillFailing, knownRed }: Proposal): string {
  if (failToPass === null || passToPass === null) return "no tests re-run";
  const fresh = Math.max(0, (stillFailing ?? 0) - (broken ?? 0));
  return [
    `${failToPass} fixed`, `${passToPass.toLocaleString("en")} hold`, broken ? `${broken} broken` : "", fresh ? `${fresh} newly red` : "",
    knownRed ? `${knownRed} red as before` : "",
  ].filter(Boolean).join(", ");
}
