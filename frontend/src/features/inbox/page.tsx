import { getRouteApi } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { Inbox as InboxIcon } from "lucide-react";
import { assign } from "@/app/overlays";
import { PageHead } from "@/app/page-head";
import { useOthers } from "@/features/inbox/action-bar";
import { SelectionDetail } from "@/features/inbox/selection";
import { RunAside } from "@/features/inbox/run-aside";
import { RequestDetail } from "@/features/inbox/detail";
import { QueueList } from "@/features/inbox/list";
import { useInboxKeys } from "@/features/inbox/keys";
import { useQueue, type Tab } from "@/features/inbox/use-queue";
import { useTriage } from "@/features/inbox/use-triage";
import { useNow } from "@/live/clock";
import { line } from "@/live/connection";
import { useRuns } from "@/live/hooks";
import { useSignal } from "@/lib/signal";
import { cx } from "@/lib/cx";
import { plural } from "@/lib/money";
import { span } from "@/lib/time";
import { Button } from "@/ui/button";
import { Empty, Skeleton } from "@/ui/empty";
import { Failure } from "@/ui/failure";
import { Segmented } from "@/ui/segmented";
import { Tip } from "@/ui/tip";
import type { Request } from "@/wire/types";

const route = getRouteApi("/shell/inbox");
const TABS: readonly Tab[] = ["open", "snoozed", "delegated", "decided"];
const NAME: Record<Tab, string> = { open: "Open", snoozed: "Snoozed", delegated: "Delegated", decided: "Decided" };

/** The queue on the left, the one question in the middle, the run behind it on the right when there is room. */
export function InboxPage() {
  const search = route.useSearch();
  const go = route.useNavigate();
  const tab = TABS.find((one) => one === search.tab) ?? "open";
  const queue = useQueue(tab);
  const select = (request: string | undefined) => void go({ search: (old) => ({ ...(old.tab ? { tab: old.tab } : {}), ...(request ? { request } : {}) }), replace: true });
  const triage = useTriage(queue, search.request, select);
  useMarkedReviews(search.mark === "reviews", queue.shown, triage.markAll, () => select(undefined));
  const [menu, setMenu] = useState(false);
  const others = useOthers();
  useInboxKeys(triage, queue.takeIn, others.length > 0 ? () => setMenu(true) : undefined);
  // A phone shows the list or one request; with nothing to list, what says so.
  const reading = search.request !== undefined || queue.shown.length === 0;
  return (
    <div className="flex h-full flex-col">
      {triage.current && search.request !== undefined && <h1 className="sr-only tablet:hidden">Inbox</h1>}
      <div className={cx(triage.current && search.request !== undefined && "max-tablet:hidden")}>
        <PageHead title="Inbox" fact={<Summary shown={queue.shown} past={tab === "decided"} />}>
          <Segmented label="Which requests" value={tab} onChange={(next) => void go({ search: next === "open" ? {} : { tab: next } })}
            options={TABS.map((one) => ({ value: one, label: <>{NAME[one]} {queue.counts[one] !== undefined && <span className="num text-text-3">{queue.counts[one]}</span>}</> }))} />
        </PageHead>
      </div>
      <div className="hairline-t flex min-h-0 flex-1">
        <div className={cx("relative flex w-[404px] shrink-0 wide:w-[540px] flex-col border-r border-line max-desk:w-[340px] max-tablet:w-full max-tablet:border-0", reading && "max-tablet:hidden")}>
          <QueueList queue={queue} triage={triage} />
        </div>
        <div className={cx("min-w-0 flex-1", !reading && "max-tablet:hidden")}>
          {triage.marked.size > 0
            ? <SelectionDetail triage={triage} />
            : triage.current
            ? <RequestDetail key={triage.current.id} request={triage.current} triage={triage} total={queue.shown.length} past={tab === "decided"} menu={menu} onMenu={setMenu} onBack={() => select(undefined)} />
            : queue.reading ? <Skeleton /> : queue.failed ? <Failure what="The decided requests could not be read." error={queue.failed} onRetry={queue.again} /> : <Nothing tab={tab} />}
        </div>
        {triage.current && triage.marked.size === 0 && <RunAside id={triage.current.runs[0] ?? ""} planless={triage.current.kind === "plan"} />}
      </div>
    </div>
  );
}

/** From the review page: its proposals come marked, once, and the address forgets it. */
function useMarkedReviews(wanted: boolean, shown: readonly Request[], markAll: (ids: readonly string[]) => void, forget: () => void): void {
  useEffect(() => {
    const reviews = shown.filter((request) => request.kind === "review" && request.state !== "decided");
    if (!wanted || reviews.length === 0) return;
    markAll(reviews.map((request) => request.id));
    forget();
  });
}

function Summary({ shown, past }: { shown: Request[]; past: boolean }) {
  const now = useNow();
  if (shown.length === 0) return null;
  const runs = new Set(shown.flatMap((request) => request.runs)).size;
  if (past) return <>{plural(shown.length, "request")} over {plural(runs, "run")}, latest first</>;
  const longest = Math.max(...shown.map((request) => now - request.waitingSince));
  return (
    <Tip side="bottom" text="Order: risk (1, 2, 4) × minutes waited × √ runs that the answer frees. Nothing else moves a row.">
      <button type="button" className="rounded-control text-left">
        {plural(shown.length, "request")} over {plural(runs, "run")}, longest {span(longest)}
        <span className="max-tablet:hidden"> · by risk × waiting</span>
      </button>
    </Tip>
  );
}

function Nothing({ tab }: { tab: Tab }) {
  const runs = useRuns().length;
  const starting = useSignal(line) === "starting";
  if (starting) return <Skeleton />;
  if (tab === "open" && runs === 0) return <NoAgents />;
  const text = tab === "open" ? "Every agent has what it needs. New requests appear here by themselves." : "Nothing is kept here at the moment.";
  return <Empty icon={<InboxIcon size={28} strokeWidth={1.5} />} title={tab === "open" ? "Nobody waits for you" : `Nothing ${NAME[tab].toLowerCase()}`}>{text}</Empty>;
}

/** A site without a run: the inbox stays empty until a ticket is given to an agent. */
function NoAgents() {
  return (
    <Empty icon={<InboxIcon size={28} strokeWidth={1.5} />} title="Nobody waits for you" action={<Button look="primary" keys="c" onClick={() => assign()}>Start a run</Button>}>
      No agent works yet. Start one on a ticket; what it asks appears here by itself.
    </Empty>
  );
}
