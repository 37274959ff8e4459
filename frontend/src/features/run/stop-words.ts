import type { Attempt, Phase, Run } from "@/wire/types";

/** What not stopping it means, as it stands now. A run that has ended asks for no stop. */
const KEEP: Record<Phase, string> = {
  queued: "Leave it in the queue", starting: "Let it start", working: "Leave it running", waiting: "Leave it waiting", paused: "Leave it paused",
  sealing: "Leave its checks running", review: "Leave it in review", publishing: "Let it publish", published: "Leave it published", merging: "Let it merge",
  merged: "Leave it", closed: "Leave it", failed: "Leave it", cancelled: "Leave it",
};
const LIVE: readonly Attempt["state"][] = ["created", "pending", "running"];

/** What it is called to leave the run alone, and what a stop cuts off: true for this run as it stands. */
export function stopWords(run: Run): { keep: string; ends: string } {
  const held = run.attempts.some((one) => LIVE.includes(one.state));
  const ends = held ? "Its secrets stop working at once and its place is given back." : "No agent works on it now: nothing is cut short.";
  return { keep: KEEP[run.phase], ends: run.request ? `${ends} What it asks is withdrawn.` : ends };
}
