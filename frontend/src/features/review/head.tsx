import { Link } from "@tanstack/react-router";
import { GitPullRequest } from "lucide-react";
import { plural } from "@/lib/money";
import { Delta } from "@/ui/chip";
import { WaitClock } from "@/ui/clock";
import { RiskBars } from "@/ui/risk";
import { Segmented } from "@/ui/segmented";
import type { Proposal, Run } from "@/wire/types";

export type DiffStyle = "split" | "unified";
interface Props { run: Run; proposal: Proposal; style: DiffStyle; onStyle: (style: DiffStyle) => void }

export function ReviewHead({ run, proposal, style, onStyle }: Props) {
  return (
    <header className="flex flex-wrap items-start gap-x-4 gap-y-2 px-5 py-3 max-tablet:px-4">
      <div className="flex min-w-0 flex-1 basis-80 flex-col gap-1">
        <div className="flex min-w-0 items-baseline gap-2.5">
          <Link to="/runs/$id" params={{ id: run.id }} className="mono shrink-0 text-accent-text hover:underline">{run.ticket.key}</Link>
          <h1 className="min-w-0 truncate text-title font-semibold tracking-[-0.01em] max-tablet:whitespace-normal">{run.ticket.title}</h1>
        </div>
        <p className="flex flex-wrap items-center gap-x-3 gap-y-1 text-meta text-text-2">
          {proposal.pull && <Pull proposal={proposal} />}
          <span className="mono">{proposal.base}@{proposal.baseSha.slice(0, 7)} ← {proposal.head.slice(0, 7)}</span>
          <span className="num">{plural(proposal.commits, "commit")}, {plural(proposal.files, "file")}</span>
          <Delta added={proposal.added} removed={proposal.removed} />
          <RiskBars risk={run.risk} />
          <WaitClock start since={run.since} quiet={run.attention !== "ready" && run.attention !== "needs-you"} />
        </p>
      </div>
      <span className="max-tablet:hidden"><Segmented label="Layout" value={style} onChange={onStyle} options={[{ value: "split", label: "Split" }, { value: "unified", label: "Unified" }]} /></span>
    </header>
  );
}

function Pull({ proposal }: { proposal: Proposal }) {
  const inside = <><GitPullRequest size={13} className="text-ready" /> {proposal.pull}</>;
  const safe = /^https?:\/\//.test(proposal.pullUrl);
  return safe
    ? <a href={proposal.pullUrl} target="_blank" rel="noreferrer" className="num inline-flex items-center gap-1 text-accent-text hover:underline">{inside}</a>
    : <span className="num inline-flex items-center gap-1">{inside}</span>;
}
