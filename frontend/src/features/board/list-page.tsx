import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { PageHead } from "@/app/page-head";
import { useKeys } from "@/app/keys";
import type { Filter } from "@/features/board/filter";
import { RunBulkBar } from "@/features/board/run-bulk-bar";
import { RunTable } from "@/features/board/run-table";
import { Toolbar } from "@/features/board/toolbar";
import { useBoardRuns } from "@/features/board/use-board-runs";
import { useRuns } from "@/live/hooks";
import { COLUMNS } from "@/lib/attention";
import { money, plural, sumShown } from "@/lib/money";
import { NoMatch, NoRuns } from "@/features/board/page";

const route = getRouteApi("/shell/list");
const RANK = COLUMNS.flatMap((column) => column.holds);

/** The same runs and the same filters as the board, one line each, for reading across and for acting on many. */
export function ListPage() {
  const filter = route.useSearch();
  const go = route.useNavigate();
  const total = useRuns().length;
  const runs = useBoardRuns(filter).toSorted((a, b) => RANK.indexOf(a.attention) - RANK.indexOf(b.attention) || a.run.since - b.run.since).map((one) => one.run);
  const ids = runs.map((run) => run.id);
  const change = (next: Filter) => void go({ search: next, replace: true });
  const [at, setAt] = useState(0);
  const [marked, setMarked] = useState<ReadonlySet<string>>(new Set());
  useListKeys(ids, at, setAt, marked, setMarked);
  return (
    <div className="relative flex h-full flex-col">
      <PageHead title="List" fact={total > 0 && `${plural(runs.length, "run")}, ${money(sumShown(runs.map((run) => run.spentMicro)), runs[0]?.currency)} spent`}>
        <Link to="/board" search={filter} className="rounded-control px-2 text-meta text-accent-text hover:underline max-tablet:hidden">Same as a board</Link>
      </PageHead>
      {total > 0 && <Toolbar filter={filter} total={total} shown={runs.length} onChange={change} />}
      {total === 0 ? <NoRuns /> : runs.length === 0 ? <NoMatch filter={filter} onClear={() => change({})} /> : <RunTable ids={ids} at={at} marked={marked} onMark={setMarked} />}
      {marked.size > 0 && <RunBulkBar ids={[...marked]} onClear={() => setMarked(new Set())} />}
    </div>
  );
}

function useListKeys(ids: string[], at: number, setAt: (at: number) => void, marked: ReadonlySet<string>, setMarked: (set: ReadonlySet<string>) => void): void {
  const go = useNavigate();
  const group = "List";
  const here = ids[at];
  const to = (next: number) => setAt(Math.max(0, Math.min(ids.length - 1, next)));
  const extend = (step: number) => () => {
    const next = ids[at + step];
    setMarked(new Set([...marked, ...(here ? [here] : []), ...(next ? [next] : [])]));
    to(at + step);
  };
  const flip = () => {
    const next = new Set(marked);
    if (here && !next.delete(here)) next.add(here);
    setMarked(next);
  };
  useKeys([
    { keys: "j", does: "Next run", group, run: () => to(at + 1) },
    { keys: "k", does: "Previous run", group, run: () => to(at - 1) },
    { keys: "x", does: "Select or unselect", group, run: flip },
    { keys: "shift+j", does: "Select downwards", group, run: extend(1) },
    { keys: "shift+k", does: "Select upwards", group, run: extend(-1) },
    { keys: "mod+a", does: "Select all that the filter shows", group, run: () => setMarked(new Set(ids)) },
    { keys: "enter", does: "Open the run", group, run: () => { if (here) void go({ to: "/runs/$id", params: { id: here } }); } },
    { keys: "escape", does: "Clear the selection", group, run: () => setMarked(new Set()) },
  ]);
}
