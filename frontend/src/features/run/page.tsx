import { getRouteApi, Link } from "@tanstack/react-router";
import { lazy, Suspense, useState } from "react";
import { SearchX } from "lucide-react";
import { useKeys } from "@/app/keys";
import { useMayDecide } from "@/app/session";
import { Files } from "@/features/run/files";
import { RunHead } from "@/features/run/head";
import { PlanView } from "@/features/run/plan";
import { RawEvents } from "@/features/run/raw-events";
import { RedirectDock } from "@/features/run/redirect-dock";
import { RewindDialog, type Back } from "@/features/run/rewind";
import { RunSide } from "@/features/run/side";
import { Timeline } from "@/features/run/timeline";
import { useRunPage } from "@/features/run/use-run-page";
import { cx } from "@/lib/cx";
import { ended } from "@/lib/attention";
import { redirectable } from "@/lib/possible";
import { Empty, Skeleton } from "@/ui/empty";
import { Failure } from "@/ui/failure";
import { Section } from "@/ui/section";
import { Tabs } from "@/ui/tabs";
import type { Run } from "@/wire/types";

const Terminal = lazy(() => import("@/features/run/terminal").then((file) => ({ default: file.Terminal })));
const RunDiff = lazy(() => import("@/features/run/run-diff").then((file) => ({ default: file.RunDiff })));
const route = getRouteApi("/shell/runs/$id");
const TABS = ["Timeline", "Terminal", "Diff", "Files", "Events"] as const;
type TabName = (typeof TABS)[number];

/** Left what was meant, in the middle what happens, right what it costs. Below, always, a box to say something. */
export function RunPage() {
  const { id } = route.useParams();
  const { run, missing, error, again } = useRunPage(id);
  if (run) return <Known key={id} run={run} />;
  if (missing) return <NoRun />;
  if (error) return <Failure what="The run could not be read." error={error} onRetry={again} />;
  return <Skeleton lines={10} />;
}

function NoRun() {
  return (
    <>
      <h1 className="sr-only">No such run</h1>
      <Empty icon={<SearchX size={28} strokeWidth={1.5} />} title="No such run" action={<Link to="/board" className="text-accent-text hover:underline">Go to the board</Link>}>
        It may belong to a project that you cannot see.
      </Empty>
    </>
  );
}

function Known({ run }: { run: Run }) {
  const search = route.useSearch();
  const go = route.useNavigate();
  const tab = TABS.find((name) => name.toLowerCase() === search.tab) ?? "Timeline";
  const [rewind, setRewind] = useState<Back | null>(null);
  const may = useMayDecide(run.project) && !ended(run);
  const onRewind = may ? setRewind : undefined;
  const show = (name: TabName) => void go({ search: { tab: name.toLowerCase() }, replace: true });
  useKeys(TABS.map((name, i) => ({ keys: String(i + 1), does: `Show ${name.toLowerCase()}`, group: "Run", run: () => show(name) })));
  return (
    <div className="flex h-full flex-col max-tablet:overflow-y-auto">
      <RunHead run={run} />
      <div className="hairline-t flex min-h-0 flex-1 max-tablet:flex-col max-tablet:flex-none">
        <PlanPane run={run} aside={tab !== "Timeline"} {...(onRewind ? { onRewind: (plan: number) => onRewind({ plan }) } : {})} />
        <div className="flex min-w-0 flex-1 flex-col max-tablet:min-h-[70vh]">
          <Tabs value={tab} names={TABS} onChange={show} label="What to see of this run" />
          <div className="min-h-0 flex-1 max-tablet:h-[60vh] max-tablet:flex-none">
            <Suspense fallback={<Skeleton />}><TabBody tab={tab} run={run} onRewind={onRewind} /></Suspense>
          </div>
          {may && redirectable(run) && <RedirectDock run={run} />}
        </div>
        <RunSide run={run} />
      </div>
      {rewind !== null && <RewindDialog run={run} back={rewind} onClose={() => setRewind(null)} />}
    </div>
  );
}

/** `aside`: on a phone it makes room for what was asked to be seen. */
function PlanPane({ run, aside, onRewind }: { run: Run; aside: boolean; onRewind?: (plan: number) => void }) {
  return (
    <div tabIndex={0} role="region" aria-label="Plan with progress" className={cx("w-[300px] shrink-0 overflow-y-auto border-r border-line px-5 py-4 max-desk:w-[250px] max-tablet:w-full max-tablet:px-4 max-tablet:border-0 wide:w-[400px]", aside && "max-tablet:hidden")}>
      <Section title="Plan" aside={run.plan.length > 0 && <span className="num">{run.plan.filter((step) => step.state === "done").length} of {run.plan.length} done</span>}>
        {run.plan.length === 0
          ? <p className="text-text-2">No plan yet. The agent reads the ticket and the code first.</p>
          : <PlanView plan={run.plan} {...(onRewind ? { onRewind } : {})} />}
      </Section>
    </div>
  );
}

function TabBody({ tab, run, onRewind }: { tab: TabName; run: Run; onRewind: ((back: Back) => void) | undefined }) {
  if (tab === "Terminal") return <Terminal run={run} />;
  if (tab === "Diff") return <RunDiff run={run} />;
  if (tab === "Files") return <Files run={run} />;
  if (tab === "Events") return <RawEvents run={run} />;
  return <Timeline run={run} {...(onRewind ? { onRewind: (step: number) => onRewind({ step }) } : {})} />;
}
