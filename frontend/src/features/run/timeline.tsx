import {
  ArrowDown, ChevronRight, CircleAlert, Coins, FileText, FlaskConical, GitCommitHorizontal, Hand, History, ListChecks, MessageSquareText, PencilLine, SquareTerminal,
  StickyNote, UserRound, Workflow, type LucideIcon,
} from "lucide-react";
import { useMemo, useState, type ReactNode } from "react";
import { useKeys } from "@/app/keys";
import { chapters, drawn, found, plain, type Chapter } from "@/features/run/derive";
import { reveal } from "@/lib/invisible";
import { useEarlier } from "@/features/run/use-earlier";
import { useEnd } from "@/features/run/use-end";
import { cx } from "@/lib/cx";
import { money, plural } from "@/lib/money";
import { exactTime, timeOfDay } from "@/lib/time";
import { useTyping } from "@/features/run/use-deltas";
import { Button } from "@/ui/button";
import { Input } from "@/ui/field";
import type { Run, TimelineEvent } from "@/wire/types";

const ICON: Record<TimelineEvent["what"], LucideIcon> = {
  thought: MessageSquareText, read: FileText, edit: PencilLine, shell: SquareTerminal, test: FlaskConical, commit: GitCommitHorizontal, plan: ListChecks,
  request: Hand, decision: UserRound, state: Workflow, check: FlaskConical, cost: Coins, note: StickyNote, error: CircleAlert,
};
const OPEN_AT_FIRST = 2;

/** The ledger, folded by plan step. The last two are open, the rest say in one line what they did and cost. */
export function Timeline({ run, onRewind }: { run: Run; onRewind?: (step: number) => void }) {
  const { events, more, reading, readMore } = useEarlier(run.id);
  const parts = useMemo(() => chapters(events, run.plan), [events, run.plan]);
  const [turned, setTurned] = useState<ReadonlyMap<string, boolean>>(new Map());
  const [search, setSearch] = useState("");
  const { scroller, behind, toEnd } = useEnd(events.length, search || turned);
  const folded = (part: Chapter, i: number) => search === "" && (turned.get(part.key) ?? i < parts.length - OPEN_AT_FIRST);
  const turnAll = (fold: boolean) => setTurned(new Map(parts.map((part) => [part.key, fold])));
  const errors = () => {
    turnAll(false);
    requestAnimationFrame(() => nextError(scroller.current));
  };
  const foldAll = () => turnAll(!parts.every((part, i) => folded(part, i)));
  useKeys([
    { keys: "e", does: "Jump to the next error", group: "Run", run: errors },
    { keys: "o", does: "Open or fold all steps", group: "Run", run: foldAll },
  ]);
  return (
    <div className="relative flex h-full flex-col">
      <div className="flex items-center gap-2 px-5 py-2 max-tablet:px-4">
        <Input aria-label="Search in the timeline" placeholder="Search words, paths, commands" value={search} onChange={(event) => setSearch(event.target.value)} className="max-w-72" />
        <span className="ml-auto flex gap-1">
          <Button look="ghost" keys="e" onClick={errors}>Errors</Button>
          <Button look="ghost" keys="o" onClick={foldAll}>Fold</Button>
        </span>
      </div>
      <div ref={scroller} tabIndex={0} role="region" aria-label="Timeline" className="min-h-0 flex-1 overflow-y-auto px-5 pb-6 max-tablet:px-4">
        {more && <Button look="ghost" size="small" icon={<History size={13} />} disabled={reading} onClick={readMore}>Earlier events</Button>}
        {parts.length === 0 && <p className="py-4 text-text-2">Nothing has happened yet.</p>}
        {parts.map((part, i) => (
          <Part key={part.key} part={part} folded={folded(part, i)} search={search} currency={run.currency}
            onFold={() => setTurned((now) => new Map(now).set(part.key, !folded(part, i)))} {...(onRewind ? { onRewind: () => onRewind(part.lastStep) } : {})} />
        ))}
        <Typing run={run.id} />
      </div>
      {behind > 0 && <Button size="small" className="absolute bottom-3 left-1/2 -translate-x-1/2" icon={<ArrowDown size={13} />} onClick={toEnd}>{plural(behind, "new event")}</Button>}
    </div>
  );
}

function nextError(scroller: HTMLElement | null): void {
  if (!scroller) return;
  const top = scroller.getBoundingClientRect().top + 60;
  const all = [...scroller.querySelectorAll<HTMLElement>("[data-what=error]")];
  (all.find((one) => one.getBoundingClientRect().top > top + 8) ?? all[0])?.scrollIntoView({ block: "start" });
}

interface PartProps { part: Chapter; folded: boolean; search: string; currency: string; onFold: () => void; onRewind?: () => void }
function Part({ part, folded, search, currency, onFold, onRewind }: PartProps) {
  const events = part.events.filter((event) => drawn(event) && (search === "" || found(event, search)));
  if (search !== "" && events.length === 0) return null;
  return (
    <section aria-label={part.number === null ? part.title : `${part.number}. ${part.title}`}>
      <h2 className="group sticky top-0 z-10 flex h-9 max-tablet:h-11 items-center gap-2 bg-surface">
        <button type="button" onClick={onFold} aria-expanded={!folded} className="flex min-w-0 flex-1 items-center gap-2 rounded-control text-left">
          <ChevronRight size={14} className={cx("shrink-0 text-text-3 transition-transform duration-75", !folded && "rotate-90")} />
          <span className="num w-4 shrink-0 text-text-3">{part.number}</span>
          <span className={cx("min-w-0 truncate font-medium", part.undone && "text-text-3 line-through decoration-text-3")}>{part.title}</span>
          {part.failed && <CircleAlert size={13} className="shrink-0 text-failed" aria-label="contains an error" />}
          {part.undone && <span className="text-meta text-text-3">undone</span>}
        </button>
        {onRewind && !part.undone && <button type="button" onClick={onRewind} className="tap rounded-chip px-1.5 text-meta text-accent-text opacity-0 focus-visible:opacity-100 group-hover:opacity-100 max-tablet:opacity-100">Rewind</button>}
        <span className="mono text-micro text-text-3 max-tablet:hidden">{part.sha.slice(0, 7)}</span>
        <span className="num min-w-12 text-right text-meta text-text-3">{money(part.costMicro, currency)}</span>
      </h2>
      {!folded && <ol className="pb-2">{events.map((event) => <Line key={event.seq} event={event} />)}</ol>}
    </section>
  );
}

const LOUD: readonly TimelineEvent["what"][] = ["error", "decision", "request"];
function Line({ event }: { event: TimelineEvent }) {
  const Icon = ICON[event.what];
  // What was undone is kept, readable and quiet.
  const loud = LOUD.includes(event.what) && !event.undone;
  const more = event.kind === "progressed" ? "" : event.detail;
  return (
    <li data-what={event.what} className="flex gap-2.5 py-1 pl-[22px]">
      <Icon size={14} strokeWidth={1.75} aria-label={event.what} className={cx("mt-[3px] shrink-0", event.what === "error" && !event.undone ? "text-failed" : loud ? "text-needs" : "text-text-3")} />
      <div className="min-w-0 flex-1">
        <p className={cx("prose-measure break-words", event.what === "thought" && "whitespace-pre-wrap", event.undone ? "text-text-3 line-through decoration-text-3" : event.what === "thought" ? "text-text-2" : "text-text", loud && "font-medium")}>
          {reveal(event.text)}{event.undone && <span className="sr-only"> (undone)</span>}
        </p>
        {more && <p className={cx("break-words text-text-2", event.what === "shell" || event.what === "test" ? "mono whitespace-pre-wrap" : "prose-measure whitespace-pre-line text-meta")}>{reveal(more)}</p>}
        {event.output && <Output>{reveal(plain(event.output))}</Output>}
      </div>
      <time dateTime={new Date(event.at).toISOString()} title={exactTime(event.at)} className="num shrink-0 text-meta text-text-3">{timeOfDay(event.at)}</time>
    </li>
  );
}

function Output({ children }: { children: ReactNode }) {
  return <pre tabIndex={0} aria-label="Output" className="mt-1 max-h-72 overflow-auto rounded-control bg-sunken px-2.5 py-1.5 text-[11.5px] leading-[18px] text-text-2">{children}</pre>;
}

/** What the model writes right now, before it is a line of the ledger. */
function Typing({ run }: { run: string }) {
  const text = useTyping(run);
  if (text === "") return null;
  return <p className="prose-measure whitespace-pre-wrap py-1 pl-[46px] text-text-3" aria-hidden>{text.slice(-600)}</p>;
}
