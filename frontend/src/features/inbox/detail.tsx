import { Link } from "@tanstack/react-router";
import { ArrowLeft, History } from "lucide-react";
import { ActionBar } from "@/features/inbox/action-bar";
import { KindBody } from "@/features/inbox/kind-body";
import { KindIcon } from "@/features/inbox/kind-icon";
import type { Triage } from "@/features/inbox/use-triage";
import { useNow } from "@/live/clock";
import { projectName, useRun } from "@/live/hooks";
import { KIND_WORD, didWhat } from "@/lib/attention";
import { explain } from "@/lib/order";
import { timeOfDay } from "@/lib/time";
import { Banner } from "@/ui/banner";
import { IconButton } from "@/ui/button";
import { WaitClock } from "@/ui/clock";
import { RiskBars, RiskFlags } from "@/ui/risk";
import { Tip } from "@/ui/tip";
import type { Request, RiskFlag, Run } from "@/wire/types";

interface Props { request: Request; triage: Triage; total: number; past: boolean; menu: boolean; onMenu: (open: boolean) => void; onBack: () => void }

/** One request, large enough to decide on without opening anything else. */
export function RequestDetail({ request, triage, total, past, menu, onMenu, onBack }: Props) {
  const run = useRun(request.runs[0] ?? "");
  if (!run) return null;
  return (
    <article aria-label={request.ask} className="flex h-full flex-col">
      <div className="min-h-0 flex-1 overflow-y-auto" tabIndex={0} role="region" aria-label="Request">
        <div className="mx-auto flex max-w-[780px] flex-col gap-5 wide:max-w-[900px] px-8 pb-[calc(40px+var(--notice,0px))] pt-5 max-tablet:gap-4 max-tablet:px-4 max-tablet:pt-2">
          <Top request={request} run={run} place={`${triage.index + 1} of ${total}`} onBack={onBack} />
          <div className="flex flex-col gap-3">
            <h2 className="text-ask font-semibold tracking-[-0.015em] text-balance">{request.ask}</h2>
            {request.context && <p className="prose-measure text-lead text-text-2">{request.context}</p>}
            {flagsOf(request, run).length > 0 && <RiskFlags flags={flagsOf(request, run)} />}
          </div>
          <StateNote request={request} />
          <KindBody request={request} run={run} triage={triage} />
        </div>
      </div>
      {!past && <ActionBar request={request} triage={triage} menu={menu} onMenu={onMenu} />}
    </article>
  );
}

/** A review shows what its page shows of the sealed head; the agent's own flags are of its plan. */
const flagsOf = (request: Request, run: Run): RiskFlag[] => (request.kind === "review" && run.proposal?.head === request.head ? run.flags : request.flags);

function Top({ request, run, place, onBack }: { request: Request; run: Run; place: string; onBack: () => void }) {
  const now = useNow();
  return (
    <div className="flex min-h-7 items-center gap-2 text-meta text-text-2">
      <span className="tablet:hidden"><IconButton label="Back to the inbox" onClick={onBack} className="-ml-3"><ArrowLeft size={18} /></IconButton></span>
      <KindIcon kind={request.kind} />
      <span className="font-medium text-text">{KIND_WORD[request.kind]}</span>
      <Link to="/runs/$id" params={{ id: run.id }} className="min-w-0 truncate hover:underline">
        <span className="mono">{run.ticket.key}</span> {!request.ask.includes(run.ticket.title) && <span className="max-tablet:hidden">{run.ticket.title}</span>}
      </Link>
      <span className="text-text-3 max-desk:hidden">{projectName(request.project)}</span>
      <span className="ml-auto flex shrink-0 items-center gap-3">
        <span className="num text-text-3 max-tablet:hidden">{place}</span>
        <RiskBars risk={request.risk} label={request.risk !== "low"} />
        <Tip text={`Place in the queue: ${explain(request, now)}`}>
          <button type="button" className="rounded-chip"><WaitClock since={request.waitingSince} /></button>
        </Tip>
      </span>
    </div>
  );
}

/** Why this request is not in the open queue: who decided, or until when and with whom it rests. */
function StateNote({ request }: { request: Request }) {
  const note = noteFor(request);
  if (!note) return null;
  return <div className="overflow-hidden rounded-panel"><Banner icon={<History size={15} />}>{note}</Banner></div>;
}

function noteFor({ kind, head, state, decided, until, to }: Request): string | undefined {
  if (state === "withdrawn") return "Withdrawn: the run has moved on, and no answer is needed any more.";
  if (state === "snoozed" && until) return `Snoozed. It comes back at ${timeOfDay(until)}, in its place by risk and waiting.`;
  if (state === "delegated" && to) return `With ${to}. Take it back at any time.`;
  if (!decided) return undefined;
  const words = decided.words ? `: \u201c${decided.words}\u201d` : ".";
  return `${decided.by} ${didWhat({ verb: decided.verb, about: kind, head })} at ${timeOfDay(decided.at)}${words}`;
}
