import { decideRuns } from "@/features/decide/decide";

export type Mode = "enqueue" | "interrupt";

/** Words for the agents. Enqueue: after what runs now. Interrupt: what runs now is ended first. */
export const redirectRuns = (ids: readonly string[], words: string, mode: Mode = "enqueue", head = ""): Promise<boolean> =>
  decideRuns(ids, { verb: "redirect", words, mode, ...(head ? { head } : {}) });
