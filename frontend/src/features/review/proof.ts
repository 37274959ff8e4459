import type { Proposal } from "@/wire/types";

/** The figures of proof in one line; without a check there is none, and the line says so. */
export function proofWord({ failToPass, passToPass, broken }: Proposal): string {
  if (failToPass === null || passToPass === null) return "not re-run";
  return `${failToPass} fixed, ${passToPass.toLocaleString("en")} hold${broken ? `, ${broken} broken` : ""}`;
}
