import { decideRuns } from "@/features/decide/decide";
import type { Run } from "@/wire/types";

export const pauses = (run: Run): boolean => run.phase !== "paused" && run.desired !== "pause";

/** Pauses, or lets a paused run go on. */
export const pauseOrResume = (run: Run): Promise<boolean> => decideRuns([run.id], { verb: pauses(run) ? "pause" : "resume" });
