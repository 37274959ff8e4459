import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef, useSyncExternalStore } from "react";
import { RunCard } from "@/features/board/card";
import { cx } from "@/lib/cx";
import { money, plural, sumShown } from "@/lib/money";
import type { Run } from "@/wire/types";

const GAP = 8;
const wide = matchMedia("(min-width: 1800px)");
/** Narrow columns need two title lines, wide ones need one. */
const cardHeight = (): number => (wide.matches ? 98 : 116);

const watchWide = (tell: () => void): (() => void) => {
  wide.addEventListener("change", tell);
  return () => wide.removeEventListener("change", tell);
};

/** Cards have one height, so a thousand of them need no measuring and nothing moves when a line changes. */
export function Column({ title, runs, asked, cursor }: { title: string; runs: Run[]; asked?: { all: number; reviews: number }; cursor: number }) {
  const first = asked !== undefined;
  const scroller = useRef<HTMLDivElement>(null);
  const card = useSyncExternalStore(watchWide, cardHeight);
  const rows = useVirtualizer({
    count: runs.length, getScrollElement: () => scroller.current, estimateSize: () => card + GAP, overscan: 6, getItemKey: (i) => runs[i]?.id ?? i,
  });
  useEffect(() => rows.measure(), [card]);
  useEffect(() => { if (cursor >= 0) rows.scrollToIndex(cursor, { align: "auto" }); }, [cursor]);
  const spent = sumShown(runs.map((run) => run.spentMicro));
  return (
    <section aria-label={title} className={cx("flex min-w-[196px] flex-col max-tablet:min-w-[86vw] max-tablet:snap-start", first ? "flex-[1.18]" : "flex-1")}>
      <header className="flex h-10 items-center gap-2 px-2.5">
        <h2 className={cx("shrink-0 whitespace-nowrap text-body font-semibold", first && asked.all > 0 && "text-needs")}>{title}</h2>
        <span className="num text-meta text-text-3">{runs.length}</span>
        {first && asked.reviews > 0 && <span className="num shrink-0 whitespace-nowrap text-meta text-text-3" title="The inbox counts them too">and {asked.reviews} in Ready</span>}
        <span className="num ml-auto min-w-0 truncate text-meta text-text-3">{runs.length > 0 && money(spent, runs[0]?.currency)}</span>
      </header>
      <div ref={scroller} tabIndex={0} role="region" aria-label={`${title}, ${plural(runs.length, "card")}`} className="min-h-0 flex-1 overflow-y-auto px-2 pb-[calc(16px+var(--notice,0px))]">
        {runs.length === 0 && <p className="px-1 py-2 text-meta text-text-3">Nothing here.</p>}
        <ul className="relative" style={{ height: rows.getTotalSize() }}>
          {rows.getVirtualItems().map((row) => (
            <li key={row.key} className="absolute inset-x-0" style={{ height: card, transform: `translateY(${row.start}px)` }}>
              <RunCard id={runs[row.index]!.id} here={cursor === row.index} />
            </li>
          ))}
        </ul>
      </div>
    </section>
  );
}
