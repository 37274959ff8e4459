import { getRouteApi, Link } from "@tanstack/react-router";
import { PageHead } from "@/app/page-head";
import { Column } from "@/features/board/column";
import { Toolbar } from "@/features/board/toolbar";
import { useBoardRuns } from "@/features/board/use-board-runs";
import { useBoardKeys } from "@/features/board/use-board-keys";
import { waiting } from "@/features/inbox/waiting";
import { useRequests, useRuns } from "@/live/hooks";
import { COLUMNS } from "@/lib/attention";
import { plural } from "@/lib/money";
import { Columns3, Plus, SearchX } from "lucide-react";
import type { Filter } from "@/features/board/filter";
import { assign } from "@/app/overlays";
import { line } from "@/live/connection";
import { useSignal } from "@/lib/signal";
import { Button } from "@/ui/button";
import { Empty, Skeleton } from "@/ui/empty";
import type { Run } from "@/wire/types";

const route = getRouteApi("/shell/board");

/** Longest wait first; among the done, the latest first. */
const rank = (run: Run, column: string): number => (column === "done" ? -run.since : run.since);

/** All runs by who must act. Only the first column is the supervisor's; it stands first and is a little wider. */
export function BoardPage() {
  const filter = route.useSearch();
  const go = route.useNavigate();
  const all = useRuns();
  const total = all.length;
  const runs = useBoardRuns(filter);
  const columns = COLUMNS.map((column) => ({ ...column, runs: runs.filter((one) => column.holds.includes(one.attention)).map((one) => one.run).sort((a, b) => rank(a, column.id) - rank(b, column.id)) }));
  const asked = useAsked(runs.map((one) => one.run.id));
  const waits = useAsked(all.map((run) => run.id)).all;
  const change = (next: Filter) => void go({ search: next, replace: true });
  const cursor = useBoardKeys(columns.map((column) => column.runs));
  return (
    <div className="flex h-full flex-col">
      <PageHead title="Board" fact={total > 0 && `${plural(total, "run")}, ${waits} ${waits === 1 ? "request waits" : "requests wait"} for you`}>
        <Link to="/list" search={filter} className="tap inline-flex items-center rounded-control px-2 text-meta text-accent-text hover:underline">Same as a list</Link>
        <Link to="/tickets" className="tap inline-flex items-center rounded-control px-2 text-meta text-accent-text hover:underline tablet:hidden">Tickets</Link>
        <Button className="tablet:hidden" icon={<Plus size={14} />} onClick={() => assign()}>Start a run</Button>
      </PageHead>
      {total > 0 && <Toolbar filter={filter} total={total} shown={runs.length} onChange={change} />}
      {total === 0 ? <NoRuns /> : runs.length === 0 ? <NoMatch filter={filter} onClear={() => change({})} /> : <div className="hairline-t flex min-h-0 flex-1 gap-0 overflow-x-auto px-3 max-tablet:snap-x max-tablet:snap-mandatory" tabIndex={0} role="region" aria-label="Columns">
        {columns.map((column, i) => (
          <Column key={column.id} title={column.title} runs={column.runs} {...(i === 0 ? { asked } : {})} cursor={cursor?.column === i ? cursor.row : -1} />
        ))}
      </div>}
    </div>
  );
}

/** What waits for you among these runs: counted as the inbox counts it, a review that stands in Ready too. */
function useAsked(ids: readonly string[]): { all: number; reviews: number } {
  const asked = waiting(useRequests()).filter((request) => request.runs.some((id) => ids.includes(id)));
  return { all: asked.length, reviews: asked.filter((request) => request.kind === "review").length };
}

/** One sentence for all columns, with the way back. */
export function NoMatch({ filter, onClear }: { filter: Filter; onClear: () => void }) {
  return (
    <Empty icon={<SearchX size={28} strokeWidth={1.5} />} title={filter.q ? "No run matches these words" : "No run matches this filter"} action={<Button onClick={onClear}>Show all runs</Button>}>
      {filter.q ? "Keys, titles, branches and the last event of each run were looked through." : "What you look for may be in another project, or belong to somebody else."}
    </Empty>
  );
}

/** No run yet: say what makes one. While the first snapshot is on its way, only the shape of the page. */
export function NoRuns() {
  const starting = useSignal(line) === "starting";
  if (starting) return <Skeleton />;
  return (
    <Empty icon={<Columns3 size={28} strokeWidth={1.5} />} title="No agent works yet" action={<Button look="primary" keys="c" onClick={() => assign()}>Start a run</Button>}>
      A run appears here when a ticket is given to an agent.
    </Empty>
  );
}
