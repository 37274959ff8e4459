import { useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { useMemo, useRef } from "react";
import { getRaw } from "@/features/run/api/run-reads";
import { exactTime } from "@/lib/time";
import { Button } from "@/ui/button";
import { Failure } from "@/ui/failure";
import type { RawEvent, Run } from "@/wire/types";

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

function Rows({ events }: { events: readonly RawEvent[] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const rows = useVirtualizer({ count: events.length, getScrollElement: () => scroller.current, estimateSize: () => 24, overscan: 12 });
  return (
    <div ref={scroller} tabIndex={0} role="region" aria-label="Raw events" className="mono min-h-0 flex-1 overflow-auto py-2">
      <div style={{ height: rows.getTotalSize() }} className="relative">
        {rows.getVirtualItems().map((row) => {
          const event = events[row.index]!;
          return (
            <div key={row.key} className="absolute inset-x-0 flex h-6 items-center gap-3 px-5" style={{ transform: `translateY(${row.start}px)` }} title={exactTime(event.at)}>
              <span className="num w-12 shrink-0 text-right text-text-3">{event.seq}</span>
              <span className="num w-8 shrink-0 text-right text-text-3">{event.epoch}</span>
              <span className="w-24 shrink-0 truncate text-text-2">{event.kind}</span>
              <span className="w-28 shrink-0 truncate text-text-3 max-tablet:hidden">{event.actor}</span>
              <span className="whitespace-nowrap">{JSON.stringify(event.body).slice(0, 2000)}</span>
            </div>
          );
        })}
      </div>
    </div>
  );
}
