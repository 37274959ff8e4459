import { Link } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { memo, useEffect, useRef, useSyncExternalStore } from "react";
import { density } from "@/app/session";
import { actorWord, askBeside, attentionNow } from "@/lib/attention";
import { useNow } from "@/live/clock";
import { useRequest, useRun } from "@/live/hooks";
import { cx } from "@/lib/cx";
import { useSignal } from "@/lib/signal";
import { against, money } from "@/lib/money";
import { Delta } from "@/ui/chip";
import { WaitClock } from "@/ui/clock";
import { Checkbox } from "@/ui/field";
import { StepTicks } from "@/ui/meter";
import { RiskBars } from "@/ui/risk";
import { StateIcon, TONE } from "@/ui/state";

/** 36 px, 44 where the person wants air or uses a finger. */
const touch = matchMedia("(max-width: 759px), (pointer: coarse)");
const watchTouch = (tell: () => void): (() => void) => {
  touch.addEventListener("change", tell);
  return () => touch.removeEventListener("change", tell);
};
function useRowHeight(): number {
  const roomy = useSignal(density) === "roomy";
  const finger = useSyncExternalStore(watchTouch, () => touch.matches);
  return roomy || finger ? 44 : 36;
}

const GRID = "grid grid-cols-[28px_116px_68px_minmax(220px,2.6fr)_minmax(100px,1fr)_96px_80px_76px_56px_60px] items-center gap-x-3 max-desk:grid-cols-[28px_130px_72px_minmax(0,1fr)_64px] max-tablet:grid-cols-[24px_60px_minmax(0,1fr)_52px] max-tablet:gap-x-2";
const WIDE = "max-desk:hidden";
interface Props { ids: string[]; at: number; marked: ReadonlySet<string>; onMark: (marked: ReadonlySet<string>) => void }

export function RunTable({ ids, at, marked, onMark }: Props) {
  const scroller = useRef<HTMLDivElement>(null);
  const height = useRowHeight();
  const rows = useVirtualizer({ count: ids.length, getScrollElement: () => scroller.current, estimateSize: () => height, overscan: 10 });
  useEffect(() => rows.measure(), [height]);
  useEffect(() => { if (ids.length > 0) rows.scrollToIndex(at, { align: "auto" }); }, [at]);
  const all = ids.length > 0 && ids.every((id) => marked.has(id));
  const flip = (id: string) => {
    const next = new Set(marked);
    if (!next.delete(id)) next.add(id);
    onMark(next);
  };
  return (
    <div role="table" aria-label="Runs" aria-rowcount={ids.length} className="flex min-h-0 flex-1 flex-col">
      <div role="row" className={cx(GRID, "label hairline-b hairline-t h-8 shrink-0 max-tablet:h-11 px-5 max-tablet:px-3")}>
        <span role="columnheader"><Checkbox checked={all ? true : marked.size > 0 ? "indeterminate" : false} onChange={(on) => onMark(on ? new Set(ids) : new Set())} label="Select all that the filter shows" /></span>
        <span role="columnheader" className="max-tablet:hidden">Who acts</span>
        <span role="columnheader">Ticket</span>
        <span role="columnheader">Title</span>
        {["Last event", "Plan", "Risk", "Diff", "Cost"].map((name) => <span role="columnheader" key={name} className={cx(WIDE, name === "Cost" && "text-right")}>{name}</span>)}
        <span role="columnheader" className="text-right">Since</span>
      </div>
      <div ref={scroller} role="rowgroup" tabIndex={0} aria-label="Rows" className="min-h-0 flex-1 overflow-y-auto pb-16">
        <div role="presentation" className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => (
            <Row key={ids[row.index]} id={ids[row.index]!} top={row.start} height={height} here={row.index === at} marked={marked.has(ids[row.index]!)} onMark={flip} />
          ))}
        </div>
      </div>
    </div>
  );
}

const Row = memo(function Row({ id, top, height, here, marked, onMark }: { id: string; top: number; height: number; here: boolean; marked: boolean; onMark: (id: string) => void }) {
  const run = useRun(id);
  const asked = useRequest(run?.request ?? "");
  const now = useNow();
  if (!run) return null;
  const attention = attentionNow(run, now);
  const done = run.plan.filter((step) => step.state === "done").length;
  return (
    <div role="row" aria-current={here ? "true" : undefined} style={{ transform: `translateY(${top}px)`, height }}
      className={cx(GRID, "absolute inset-x-0 px-5 max-tablet:px-3", here ? "bg-selected" : "hover:bg-hover", marked && "bg-selected")}>
      <span role="cell" className="relative z-10"><Checkbox checked={marked} onChange={() => onMark(id)} label={`Select ${run.ticket.key}`} /></span>
      <span role="cell" className={cx("flex min-w-0 items-center gap-1.5 text-meta font-medium max-tablet:hidden", TONE[attention])}><StateIcon state={attention} size={13} /><span className="truncate">{actorWord(run, attention)}</span></span>
      <span role="cell" className="mono text-text-2">{run.ticket.key}</span>
      <span role="cell" className="flex min-w-0 items-center gap-1.5"><span className={cx("tablet:hidden", TONE[attention])}><StateIcon state={attention} size={13} /><span className="sr-only">{actorWord(run, attention)}</span></span><Link to="/runs/$id" params={{ id }} className="min-w-0 truncate font-medium hover:underline max-tablet:after:absolute max-tablet:after:inset-0">{run.ticket.title}</Link></span>
      <span role="cell" className={cx(WIDE, "truncate text-meta text-text-3")}>{asked && asked.state !== "decided" && asked.kind !== "review" ? askBeside(asked, run.ticket.title) : run.lastLine}</span>
      <span role="cell" className="flex items-center max-desk:hidden"><StepTicks done={done} total={run.plan.length} active={attention === "working"} /></span>
      <span role="cell" className={WIDE}><RiskBars risk={run.risk} label={run.risk === "high"} /></span>
      <span role="cell" className={WIDE}>{run.proposal ? <Delta added={run.proposal.added} removed={run.proposal.removed} /> : <span className="sr-only">none yet</span>}</span>
      <span role="cell" className={cx(WIDE, "num text-right text-meta", against(run.spentMicro, run.capMicro).near ? "font-semibold text-needs" : "text-text-2")}>{money(run.spentMicro, run.currency)}</span>
      <span role="cell" className="text-right"><WaitClock since={run.since} quiet={attention !== "needs-you"} /></span>
    </div>
  );
});
