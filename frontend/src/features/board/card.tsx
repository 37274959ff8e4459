import { Link } from "@tanstack/react-router";
import { memo } from "react";
import { actorWord, askBeside, attentionNow } from "@/lib/attention";
import { proofWord } from "@/features/review/proof";
import { useNow } from "@/live/clock";
import { useRequest, useRun } from "@/live/hooks";
import { cx } from "@/lib/cx";
import { against, money } from "@/lib/money";
import { WaitClock } from "@/ui/clock";
import { StepTicks } from "@/ui/meter";
import { RiskBars } from "@/ui/risk";
import { StateIcon, TONE } from "@/ui/state";
import type { Request, Run } from "@/wire/types";

/** Four lines in fixed places: who acts and since when; what; the last thing that happened; how far and how dear. */
export const RunCard = memo(function RunCard({ id, here }: { id: string; here: boolean }) {
  const run = useRun(id);
  const asked = useRequest(run?.request ?? "");
  const now = useNow();
  if (!run) return null;
  const attention = attentionNow(run, now);
  return (
    <Link to="/runs/$id" params={{ id }} draggable={false}
      className={cx("flex h-full flex-col rounded-panel bg-raised px-3 py-2.5 ring-1 ring-inset ring-line hover:ring-line-strong", here && "bg-selected ring-accent")}>
      <span className="flex h-4 items-center gap-1.5 text-meta">
        <StateIcon state={attention} size={13} />
        <span className={cx("min-w-0 truncate font-medium", TONE[attention])}>{actorWord(run, attention)}</span>
        <span className="ml-auto"><WaitClock since={run.since} quiet={attention !== "needs-you"} /></span>
      </span>
      <span className="mt-1.5 line-clamp-2 h-9 text-body wide:line-clamp-1 wide:h-[18px] font-medium leading-[18px]">{run.ticket.title}</span>
      <span className="mt-1 truncate text-meta text-text-3">{cardLine(run, asked)}</span>
      <CardFoot run={run} />
    </Link>
  );
});

function CardFoot({ run }: { run: Run }) {
  const done = run.plan.filter((step) => step.state === "done").length;
  const { near } = against(run.spentMicro, run.capMicro);
  return (
    <span className="mt-auto flex h-4 items-center gap-2 text-meta text-text-3">
      <span className="mono shrink-0 text-text-2">{run.ticket.key}</span>
      <StepTicks done={done} total={run.plan.length} active={run.attention === "working"} />
      <span className="ml-auto"><RiskBars risk={run.risk} label={false} /></span>
      <span className={cx("num min-w-10 text-right", near && "font-semibold text-needs")}>{money(run.spentMicro, run.currency)}</span>
    </span>
  );
}

/** The last thing that happened; for a run that waits for a person, what it asks; for a place or after a failure, why. */
function cardLine(run: Run, asked: Request | undefined): string {
  if (asked && asked.state !== "decided" && asked.kind !== "review") return askBeside(asked, run.ticket.title);
  if (run.phase === "review" && run.proposal) return proofWord(run.proposal);
  if (run.phase === "queued" && run.queueReason) return run.queueReason;
  if (run.phase === "failed" && run.failureText) return run.failureText;
  return run.lastLine;
}
