import { decideRuns } from "@/features/decide/decide";

/** Forks the history at a checkpoint and goes on with these words. */
export const rewindRun = (id: string, checkpoint: string, words: string): Promise<boolean> => decideRuns([id], { verb: "rewind", checkpoint, words });
