import type { TimelineEvent } from "@/wire/types";

/** What the platform itself did stays done, whatever step is gone back to. */
const KINDS: ReadonlySet<string> = new Set(["opened", "moved", "decided", "attempted", "resumed", "spent", "checked", "proposed", "merged", "changed", "quarantined", "unknown"]);

export const stands = ({ kind }: TimelineEvent): boolean => KINDS.has(kind);
