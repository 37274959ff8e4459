import type { Run } from "@/wire/types";

/** Where there is something that pauses or reads words. Elsewhere the platform refuses it (flow/steer.py): it is not offered. */
const PAUSABLE: ReadonlySet<string> = new Set(["queued", "starting", "working", "waiting"]);
const REDIRECTABLE: ReadonlySet<string> = new Set([...PAUSABLE, "paused", "review", "published"]);

export const pausable = (run: Run | undefined): boolean => run !== undefined && run.desired === "run" && PAUSABLE.has(run.phase);
export const redirectable = (run: Run | undefined): boolean => run !== undefined && REDIRECTABLE.has(run.phase);
