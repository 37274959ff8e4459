import { Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { CircleCheck, GitMerge, Send } from "lucide-react";
import { useKeys } from "@/app/keys";
import { useMayDecide } from "@/app/session";
import { mergeProposal } from "@/features/review/api/merge-proposal";
import { redirectRuns } from "@/features/run/api/redirect-run";
import { useRequests } from "@/live/hooks";
import { cx } from "@/lib/cx";
import { plural } from "@/lib/money";
import { exactTime } from "@/lib/time";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { RedirectBox } from "@/ui/redirect-box";
import type { Review, Run } from "@/wire/types";

interface Props { review: Review; run: Run; moved: boolean; unsent: number; onSend: () => void }

/** Somebody has to say something: else there is no verb to press. */
const undecided = (run: Run): boolean => run.attention === "ready" || run.phase === "review" || run.phase === "published";

/** How it ended, with the commit in it; empty while it may still be decided. */
function howItEnded({ review: { landed, proposal }, run }: Props): string {
  if (landed) return `Merged into ${landed.branch} as ${landed.sha.slice(0, 7)}${landed.by && ` by ${landed.by}`} at ${exactTime(landed.at)}.`;
  if (undecided(run)) return "";
  if (run.phase === "merging" || run.phase === "publishing") return `${proposal.head.slice(0, 7)} is approved and on its way into ${proposal.base}.`;
  return `This run is ${run.phase}. There is nothing to decide.`;
}

/** Why nothing can be merged now; empty when it can. */
function whyNot({ review, moved }: Props, may: boolean): string {
  if (moved) return "The head or the base moved since you opened this page.";
  if (!may) return "You watch this project; merging needs the right to supervise.";
  return review.mayMerge ? "" : review.whyNot || "This cannot be merged now.";
}

/** One sentence with the sha in it, then the verbs. Merging asks once more and repeats the sentence. */
export function MergeBar(props: Props) {
  const { review, run, unsent, onSend } = props;
  const [open, setOpen] = useState<"none" | "merge" | "redirect">("none");
  const go = useNavigate();
  const supervises = useMayDecide(run.project);
  const ended = howItEnded(props);
  const reason = ended || whyNot(props, supervises);
  const mayMerge = reason === "";
  const maySteer = supervises && (run.phase === "review" || run.phase === "published");
  const request = useRequests().find((one) => one.kind === "review" && one.state !== "decided" && one.state !== "withdrawn" && one.runs.includes(run.id));
  const merge = async () => {
    setOpen("none");
    if (await mergeProposal(review, request)) void go({ to: "/inbox" });
  };
  useKeys([
    { keys: "a", does: "Approve and merge", group: "Review", run: () => { if (mayMerge) setOpen("merge"); } },
    { keys: "r", does: "Redirect", group: "Review", run: () => { if (maySteer) setOpen("redirect"); } },
    { keys: "mod+enter", does: "Send the comments", group: "Review", run: () => { if (unsent > 0 && maySteer) onSend(); } },
  ]);
  if (ended) return <Ended run={run} words={ended} />;
  return (
    <footer className="hairline-t flex flex-wrap items-center gap-x-3 gap-y-2 bg-surface px-5 py-3 max-tablet:px-4">
      <p className="min-w-0 flex-1 basis-72 text-text-2">{mayMerge ? review.sentence : reason}</p>
      {unsent > 0 && <Button size="large" keys="mod+enter" icon={<Send size={14} />} disabled={!maySteer} onClick={onSend}>Send {plural(unsent, "comment")}</Button>}
      <Button size="large" keys="r" disabled={!maySteer} onClick={() => setOpen("redirect")} className="max-tablet:flex-1">Redirect</Button>
      <Button look="primary" size="large" keys="a" icon={<GitMerge size={15} />} disabled={!mayMerge} onClick={() => setOpen("merge")} className="max-tablet:flex-1">Approve and merge</Button>
      {open === "merge" && <ConfirmMerge review={review} unsent={unsent} onClose={() => setOpen("none")} onMerge={() => void merge()} />}
      {open === "redirect" && <Redirect run={run} head={review.proposal.head} onClose={() => setOpen("none")} />}
    </footer>
  );
}

function Ended({ run, words }: { run: Run; words: string }) {
  return (
    <footer className="hairline-t flex min-h-15 flex-wrap items-center gap-x-3 gap-y-2 bg-surface px-5 py-3 max-tablet:px-4">
      <p className={cx("flex min-w-0 flex-1 basis-72 items-center gap-2", run.phase === "merged" ? "font-medium text-done" : "text-text-2")}>{run.phase === "merged" && <CircleCheck size={15} aria-hidden className="shrink-0" />}{words}</p>
      <Link to="/runs/$id" params={{ id: run.id }} className="text-accent-text hover:underline">Open the run</Link>
    </footer>
  );
}

function ConfirmMerge({ review, unsent, onClose, onMerge }: { review: Review; unsent: number; onClose: () => void; onMerge: () => void }) {
  const head = review.proposal.head.slice(0, 7);
  const running = review.proposal.checks.filter((check) => check.state === "running" || check.state === "queued");
  return (
    <Dialog open onClose={onClose} title={`Approve and merge ${head}?`} note={review.sentence}
      footer={<><Button look="ghost" onClick={onClose}>Cancel</Button><Button look="primary" autoFocus onClick={onMerge}>Approve and merge {head}</Button></>}>
      <ul className="flex list-disc flex-col gap-1.5 pl-4 text-text-2">
        {running.map((check) => <li key={check.name}>{check.name} has not ended ({check.state}).</li>)}
        {review.mergePreview && <li>{review.mergePreview.clean ? "A trial merge on today's base is clean." : "A trial merge on today's base conflicts."}</li>}
        {unsent > 0 && <li>{plural(unsent, "comment")} of yours would stay unsent.</li>}
        <li>Your name and this sha are written to the audit page.</li>
      </ul>
    </Dialog>
  );
}

function Redirect({ run, head, onClose }: { run: Run; head: string; onClose: () => void }) {
  const [text, setText] = useState("");
  const send = () => {
    onClose();
    void redirectRuns([run.id], text, "enqueue", head);
  };
  return (
    <Dialog open onClose={onClose} title={`Redirect ${run.ticket.key}`} note="An approval falls; the agent goes on from this head with your words.">
      <RedirectBox value={text} onChange={setText} to={run.ticket.key} sendWord="Redirect" onSend={send} />
    </Dialog>
  );
}
