import { decideRuns } from "@/features/decide/decide";

/** A failed run starts anew as a run of its own, with this one as its parent. */
export const retryRun = (id: string): Promise<boolean> => decideRuns([id], { verb: "retry" });
