import { Link } from "@tanstack/react-router";
import { GitMerge } from "lucide-react";
import { PageHead } from "@/app/page-head";
import { useRuns } from "@/live/hooks";
import { RISK_WEIGHT } from "@/lib/attention";
import { money, plural } from "@/lib/money";
import { proofWord } from "@/features/review/proof";
import { useNow } from "@/live/clock";
import { Delta } from "@/ui/chip";
import { WaitClock } from "@/ui/clock";
import { Empty } from "@/ui/empty";
import { RiskBars } from "@/ui/risk";
import { Section } from "@/ui/section";
import type { Run } from "@/wire/types";

const DAY = 24 * 60 * 60_000;

/** What is ready, riskiest first; below it, what is on its way and what landed today. */
export function ReviewQueue() {
  const runs = useRuns().filter((run) => run.proposal);
  const now = useNow();
  const ready = runs.filter((run) => run.attention === "ready").sort((a, b) => RISK_WEIGHT[b.risk] - RISK_WEIGHT[a.risk] || a.since - b.since);
  const moving = runs.filter((run) => run.phase === "published" || run.phase === "publishing" || run.phase === "merging");
  const landed = runs.filter((run) => run.phase === "merged" && now - run.since < DAY).sort((a, b) => b.since - a.since);
  const any = ready.length + moving.length + landed.length > 0;
  return (
    <div className="flex h-full flex-col">
      <PageHead title="Review" fact={any && `${plural(ready.length, "proposal")} ready, ${moving.length} on their way, ${landed.length} merged in the last day`} />
      <div tabIndex={0} role="region" aria-label="Proposals" className="hairline-t min-h-0 flex-1 overflow-y-auto px-5 py-5 max-tablet:px-4">
        {any ? (
          <div className="flex max-w-[1280px] flex-col gap-8">
            <Section title="Ready for you" {...(ready.length > 1 ? { aside: <Link to="/inbox" search={{ mark: "reviews" }} className="text-accent-text hover:underline">Decide {ready.length} together in the inbox</Link> } : {})}><Rows runs={ready} none="Nothing. Sealed heads appear here with their evidence." /></Section>
            {moving.length > 0 && <Section title="On their way"><Rows runs={moving} none="" /></Section>}
            {landed.length > 0 && <Section title="Merged in the last day"><Rows runs={landed} none="" /></Section>}
          </div>
        ) : <Empty icon={<GitMerge size={28} strokeWidth={1.5} />} title="Nothing to review">Sealed heads appear here with their evidence.</Empty>}
      </div>
    </div>
  );
}

function Rows({ runs, none }: { runs: Run[]; none: string }) {
  if (runs.length === 0) return <p className="text-text-2">{none}</p>;
  return (
    <ul className="divide-y divide-line">
      {runs.map((run) => (
        <li key={run.id}>
          <Link to="/review/$id" params={{ id: run.id }} className="-mx-2 flex min-h-11 items-center gap-4 rounded-control px-2 py-1.5 hover:bg-hover max-tablet:flex-wrap max-tablet:gap-x-3 max-tablet:gap-y-1">
            <span className="mono w-16 shrink-0 text-text-2">{run.ticket.key}</span>
            <span className="min-w-0 flex-1 truncate font-medium max-tablet:basis-52 max-tablet:whitespace-normal">{run.ticket.title}</span>
            <span className="w-28 shrink-0 max-tablet:w-auto"><RiskBars risk={run.risk} /></span>
            <span className="num w-44 shrink-0 text-meta text-text-2 max-tablet:order-last max-tablet:w-full">{run.proposal ? proofWord(run.proposal) : ""}</span>
            <span className="w-24 shrink-0 text-right max-desk:hidden"><Delta added={run.proposal?.added ?? 0} removed={run.proposal?.removed ?? 0} /></span>
            <span className="num w-16 shrink-0 text-right text-meta text-text-2 max-desk:hidden">{money(run.spentMicro, run.currency)}</span>
            <WaitClock since={run.since} quiet={run.attention !== "ready"} />
          </Link>
        </li>
      ))}
    </ul>
  );
}
