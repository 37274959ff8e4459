import { useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef, useState } from "react";
import { getRaw } from "@/features/run/api/run-reads";
import { cx } from "@/lib/cx";
import { exactTime, timeOfDay } from "@/lib/time";
import { usePeople } from "@/live/hooks";
import { Button } from "@/ui/button";
import { Failure } from "@/ui/failure";
import type { Person, RawEvent, Run } from "@/wire/types";

const PAGE = 500;
const lastOf = (events: readonly RawEvent[]): number => events.at(-1)?.seq ?? 0;

/** The ledger as it is: numbers without holes. For the curious, and for bug reports. */
export function RawEvents({ run }: { run: Run }) {
  const read = useInfiniteQuery({
    queryKey: ["raw", run.id], initialPageParam: 0, queryFn: ({ pageParam }) => getRaw(run.id, pageParam, PAGE),
    getNextPageParam: (page, _all, after) => (lastOf(page.events) < Math.max(page.head, run.seq) ? Math.max(lastOf(page.events), after) : undefined),
  });
  const events = useMemo(() => read.data?.pages.flatMap((page) => page.events) ?? [], [read.data]);
  const missing = Math.max(0, run.seq - lastOf(events));
  if (read.error && events.length === 0) return <Failure what="The ledger could not be read." error={read.error} onRetry={() => void read.refetch()} />;
  return (
    <div className="flex h-full flex-col">
      <Rows events={events} />
      {missing > 0 && (
        <div className="hairline-t flex items-center gap-3 px-5 py-2">
          <Button size="small" disabled={read.isFetching} onClick={() => void (read.hasNextPage ? read.fetchNextPage() : read.refetch())}>Read on</Button>
          <span className="num text-meta text-text-3">{lastOf(events)} of {run.seq}</span>
        </div>
      )}
    </div>
  );
}

const COLUMNS = "flex items-center gap-3 px-5 max-tablet:px-4";
const CELL = { seq: "num w-10 shrink-0 text-right", time: "num w-14 shrink-0", attempt: "num w-14 shrink-0 text-right max-tablet:hidden", kind: "w-20 shrink-0 truncate", by: "w-20 shrink-0 truncate max-tablet:hidden" };

/** Who said it: by name, not by number. */
function actorWord(actor: string, people: readonly Person[]): string {
  const [kind, id] = [actor.slice(0, actor.indexOf(":")), actor.slice(actor.indexOf(":") + 1)];
  if (kind === "person") return people.find((one) => one.id === id)?.name ?? "a person";
  return kind === "agent" || kind === "attempt" ? "the agent" : kind === "rule" || kind === "" ? id : actor;
}

function Rows({ events }: { events: readonly RawEvent[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const people = usePeople();
  const [picked, setPicked] = useState<number>();
  const whole = events.find((event) => event.seq === picked);
  const rows = useVirtualizer({ count: events.length, getScrollElement: () => scroller.current, estimateSize: () => 28, overscan: 12 });
  return (
    <>
      <p className={cx(COLUMNS, "label hairline-b h-8 shrink-0")} aria-hidden>
        <span className={CELL.seq}>No.</span><span className={CELL.time}>Time</span><span className={CELL.attempt}>Attempt</span><span className={CELL.kind}>Kind</span><span className={CELL.by}>By</span><span className="min-w-0 truncate">Content, whole when pressed</span>
      </p>
      <div ref={scroller} tabIndex={0} role="region" aria-label="Raw events" className="mono min-h-0 flex-1 overflow-y-auto">
        <div style={{ height: rows.getTotalSize() }} className="relative">
          {rows.getVirtualItems().map((row) => {
            const event = events[row.index]!;
            return (
              <button key={row.key} type="button" aria-expanded={event.seq === picked} onClick={() => setPicked(event.seq === picked ? undefined : event.seq)}
                className={cx(COLUMNS, "absolute inset-x-0 h-7 text-left", event.seq === picked ? "bg-selected" : "hover:bg-hover")} style={{ transform: `translateY(${row.start}px)` }} title={exactTime(event.at)}>
                <span className={cx(CELL.seq, "text-text-3")}>{event.seq}</span>
                <span className={cx(CELL.time, "text-text-3")}>{timeOfDay(event.at)}</span>
                <span className={cx(CELL.attempt, "text-text-3")}>{event.epoch || ""}</span>
                <span className={cx(CELL.kind, "text-text-2")}>{event.kind}</span>
                <span className={cx(CELL.by, "text-text-3")}>{actorWord(event.actor, people)}</span>
                <span className="min-w-0 flex-1 truncate">{JSON.stringify(event.body).slice(0, 400)}</span>
              </button>
            );
          })}
        </div>
      </div>
      {whole && <pre tabIndex={0} aria-label={`Event ${whole.seq}, whole`} className="hairline-t max-h-[45%] shrink-0 overflow-auto whitespace-pre-wrap break-words bg-sunken px-5 py-3 text-meta">{JSON.stringify(whole.body, null, 2)}</pre>}
    </>
  );
}
