import { useNavigate } from "@tanstack/react-router";
import { Pause, Play, RotateCcw, Square } from "lucide-react";
import { useState } from "react";
import { useKeys } from "@/app/keys";
import { useMayDecide } from "@/app/session";
import { pauseOrResume, pauses } from "@/features/run/api/pause-run";
import { retryRun } from "@/features/run/api/retry-run";
import { StopDialog } from "@/features/run/stop-dialog";
import { pausable } from "@/lib/possible";
import { actorWord, attentionNow, ended } from "@/lib/attention";
import { useNow } from "@/live/clock";
import { projectName, useRequests } from "@/live/hooks";
import { Button } from "@/ui/button";
import { Chip } from "@/ui/chip";
import { WaitClock } from "@/ui/clock";
import { RiskBars } from "@/ui/risk";
import { State } from "@/ui/state";
import type { Run } from "@/wire/types";

/** Who must act stands before everything else; then what it is about. */
export function RunHead({ run }: { run: Run }) {
  const attention = attentionNow(run, useNow());
  return (
    <header className="flex items-start gap-4 px-5 py-3 max-tablet:flex-col max-tablet:gap-3 max-tablet:px-4">
      <div className="flex min-w-0 flex-1 flex-col gap-1">
        <div className="flex min-w-0 items-baseline gap-2.5">
          <span className="mono shrink-0 text-text-2">{run.ticket.key}</span>
          <h1 className="min-w-0 truncate text-title font-semibold tracking-[-0.01em] max-tablet:whitespace-normal">{run.ticket.title}</h1>
        </div>
        <div className="flex min-h-5 flex-wrap items-center gap-x-3 gap-y-1 text-meta text-text-2">
          <State state={attention} soft word={actorWord(run, attention)} />
          <WaitClock start since={run.since} quiet={attention !== "needs-you"} />
          <span>{projectName(run.project)}</span>
          <span className="mono max-w-80 truncate text-text-3 max-tablet:hidden">{run.branch}</span>
          <RiskBars risk={run.risk} />
          {run.rehearsal && <Chip>rehearsal</Chip>}
          {run.overlaps.length > 0 && <Chip tone="needs">overlaps {run.overlaps.join(", ")}</Chip>}
        </div>
        <WhyNot run={run} />
      </div>
      <Actions run={run} />
    </header>
  );
}

/** Before an agent works: in the queue, or with a place that cannot begin. */
const WAITS: readonly Run["phase"][] = ["queued", "starting"];

/** Why it stands still, in the platform's words, with what to do. */
function WhyNot({ run }: { run: Run }) {
  if (WAITS.includes(run.phase) && run.queueReason) return <p className="break-words text-meta text-text-2">{run.queueReason}</p>;
  if (run.phase !== "failed" || !run.failureText) return null;
  return <p className="text-meta"><span className="font-medium text-failed">{run.failureText}</span> <span className="text-text-2">{run.failureRemedy}</span></p>;
}

function Actions({ run }: { run: Run }) {
  const go = useNavigate();
  const may = useMayDecide(run.project) && !ended(run);
  const mayRetry = useMayDecide(run.project) && run.phase === "failed";
  const [stopping, setStopping] = useState(false);
  const request = useRequests().find((one) => one.state !== "decided" && one.state !== "withdrawn" && one.runs.includes(run.id));
  const ready = run.attention === "ready" || request?.kind === "review";
  const decide = () => {
    if (ready) void go({ to: "/review/$id", params: { id: run.id } });
    else if (request) void go({ to: "/inbox", search: { request: request.id, ...(request.state === "open" ? {} : { tab: request.state }) } });
  };
  const turns = !ended(run) && (pausable(run) || !pauses(run));
  const pause = () => { if (may && turns) void pauseOrResume(run); };
  useKeys([
    { keys: "a", does: "Answer what it asks, or open its review", group: "Run", run: decide },
    { keys: "p", does: "Pause or resume", group: "Run", run: pause },
  ]);
  return (
    <div className="flex shrink-0 items-center gap-2 max-tablet:w-full max-tablet:*:flex-1" title={may || ended(run) ? undefined : "You watch this project; deciding needs the right to supervise"}>
      {!ended(run) && run.phase !== "merging" && <Button look="ghost" aria-label={`Stop ${run.ticket.key}`} icon={<Square size={13} />} disabled={!may} onClick={() => setStopping(true)}>Stop</Button>}
      {turns && <Button keys="p" disabled={!may} onClick={pause} icon={pauses(run) ? <Pause size={14} /> : <Play size={14} />}>{pauses(run) ? "Pause" : "Resume"}</Button>}
      {run.phase === "failed" && !request && <Button look="primary" disabled={!mayRetry} icon={<RotateCcw size={14} />} onClick={() => void retryRun(run.id)}>Retry {run.ticket.key}</Button>}
      {(ready || request) && <Button look="primary" keys="a" onClick={decide}>{ready ? "Open review" : "Answer it"}</Button>}
      {stopping && <StopDialog run={run} onClose={() => setStopping(false)} />}
    </div>
  );
}
