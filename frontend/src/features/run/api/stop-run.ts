import { decideRuns } from "@/features/decide/decide";

/** Ends a run for good. Works without the agent. */
export const stopRuns = (ids: readonly string[]): Promise<boolean> => decideRuns(ids, { verb: "stop" });
