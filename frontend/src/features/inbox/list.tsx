import { ArrowUp } from "lucide-react";
import { useEffect, useRef } from "react";
import { KindIcon } from "@/features/inbox/kind-icon";
import type { Queue } from "@/features/inbox/use-queue";
import type { Triage } from "@/features/inbox/use-triage";
import { useRun } from "@/live/hooks";
import { KIND_WORD } from "@/lib/attention";
import { cx } from "@/lib/cx";
import { plural } from "@/lib/money";
import { Button } from "@/ui/button";
import { Chip } from "@/ui/chip";
import { Ago, WaitClock } from "@/ui/clock";
import { Checkbox } from "@/ui/field";
import { RiskBars } from "@/ui/risk";
import type { Request } from "@/wire/types";

export function QueueList({ queue, triage }: { queue: Queue; triage: Triage }) {
  return (
    <>
      {queue.fresh > 0 && (
        <div className="hairline-b flex justify-center py-1.5">
          <Button size="small" look="ghost" icon={<ArrowUp size={13} />} keys="." onClick={queue.takeIn}>{plural(queue.fresh, "new request")}</Button>
        </div>
      )}
      <ul aria-label="Requests" className="min-h-0 flex-1 overflow-y-auto p-1.5 pb-[calc(64px+var(--notice,0px))]">
        {queue.shown.map((request, i) => (
          <QueueRow key={request.id} request={request} here={i === triage.index} marked={triage.marked.has(request.id)}
            anyMarked={triage.marked.size > 0} onOpen={() => triage.go(i)} onMark={() => triage.mark(request.id)} />
        ))}
      </ul>
    </>
  );
}

interface RowProps { request: Request; here: boolean; marked: boolean; anyMarked: boolean; onOpen: () => void; onMark: () => void }

/** Two lines: the question and its clock; then which run, what kind, how risky. The whole row is one button. */
function QueueRow({ request, here, marked, anyMarked, onOpen, onMark }: RowProps) {
  const run = useRun(request.runs[0] ?? "");
  const button = useFollow(here);
  if (!run) return null;
  const gone = request.state === "decided" && request.decided !== null;
  return (
    <li className={cx("group relative flex gap-2.5 rounded-control pl-2.5 pr-2 has-[[aria-current]:focus-visible]:ring-1 has-[[aria-current]:focus-visible]:ring-inset has-[[aria-current]:focus-visible]:ring-accent", marked ? "bg-selected" : here ? "tablet:bg-selected" : "hover:bg-hover", here && "tablet:before:absolute tablet:before:inset-y-2 tablet:before:left-0 tablet:before:w-0.5 tablet:before:rounded-full tablet:before:bg-accent")}>
      <span className="relative mt-2.5 size-5 shrink-0">
        <span className={cx("absolute inset-0 grid place-items-center", anyMarked ? "invisible" : "group-hover:invisible")}><KindIcon kind={request.kind} /></span>
        <Checkbox checked={marked} onChange={onMark} label={`Select ${run.ticket.key}`}
          className={cx("absolute left-0.5 top-0.5 z-10", anyMarked ? "" : "opacity-0 focus-visible:opacity-100 group-hover:opacity-100")} />
      </span>
      <button ref={button} type="button" onClick={onOpen} aria-current={here ? "true" : undefined} className="min-w-0 flex-1 py-2 text-left outline-none after:absolute after:inset-0">
        <span className="flex items-baseline gap-2">
          <span className={cx("line-clamp-2 min-w-0 flex-1 text-body font-medium leading-[18px]", gone && "text-text-3")}>{request.ask}</span>
          <WaitClock since={request.waitingSince} quiet={request.state !== "open"} />
        </span>
        <span className="mt-1 flex h-5 items-center gap-2 text-meta text-text-3">
          <span className="mono shrink-0 text-text-2">{run.ticket.key}</span>
          <span className="shrink-0">{KIND_WORD[request.kind]}</span>
          {request.runs.length > 1 && <Chip>{request.runs.length} runs</Chip>}
          {gone && <span className="min-w-0 truncate">{request.decided?.by} decided this <Ago at={request.decided?.at ?? 0} /></span>}
          {!gone && request.runs.length === 1 && !request.ask.includes(run.ticket.title) && <span className="min-w-0 truncate">{run.ticket.title}</span>}
          <span className="ml-auto shrink-0"><RiskBars risk={request.risk} label={request.risk === "high"} /></span>
        </span>
      </button>
    </li>
  );
}

/** Keeps the current row in sight and focused, without stealing focus from a text box. */
function useFollow(here: boolean) {
  const ref = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!here || innerWidth < 760) return;
    ref.current?.scrollIntoView({ block: "nearest" });
    if (document.activeElement === document.body || document.activeElement?.closest("ul[aria-label=Requests]")) ref.current?.focus({ preventScroll: true });
  }, [here]);
  return ref;
}
