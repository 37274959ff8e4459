import { EvidenceTable } from "@/features/review/evidence";
import { money, plural } from "@/lib/money";
import { Ago } from "@/ui/clock";
import { RiskBars } from "@/ui/risk";
import { Fact, Section } from "@/ui/section";
import type { Approval, MergePreview, Review } from "@/wire/types";

/** Scrolls with the diff, above the first file: nobody can reach the code without passing the proof. */
export function ReviewIntro({ review }: { review: Review }) {
  const { run, proposal, evidence } = review;
  const shown = evidence.filter((row) => row.kind !== "check").map((row) => row.what);
  return (
    <div className="grid grid-cols-[minmax(0,1.6fr)_minmax(0,1fr)] gap-x-10 gap-y-5 px-5 pb-6 pt-4 font-sans text-body max-desk:grid-cols-1 max-tablet:px-4">
      <EvidenceTable rows={evidence} head={proposal.head} checks={proposal.checks.filter((check) => !shown.includes(check.name) && !evidence.some((row) => row.what === check.name))} />
      <div className="flex flex-col gap-5">
        {proposal.summary && <Section title="What the agent says"><p className="prose-measure whitespace-pre-wrap break-words text-text-2">{proposal.summary}</p></Section>}
        <Section title="Risks">
          {run.flags.length === 0 && <p className="text-text-2">No protected path, no migration, {proposal.beyondPlan.length > 0 ? `but ${plural(proposal.beyondPlan.length, "file")} beyond the plan` : "nothing beyond the plan"}.</p>}
          <ul className="flex flex-col gap-2">
            {run.flags.map((flag) => (
              <li key={flag.label} className="flex gap-2.5">
                <span className="mt-1"><RiskBars risk={flag.level} label={false} /></span>
                <span className="text-text-2"><span className="font-medium text-text">{flag.label}.</span> {flag.why}</span>
              </li>
            ))}
          </ul>
        </Section>
        {review.mergePreview && run.phase !== "merged" && <Preview preview={review.mergePreview} branch={proposal.base} />}
        {review.approvals.length > 0 && <Section title="Approvals"><ul className="flex flex-col gap-1">{review.approvals.map((one) => <ApprovalLine key={one.by + one.at} approval={one} />)}</ul></Section>}
        <dl className="grid grid-cols-[1.7fr_1fr_1fr_1fr] gap-3 max-tablet:grid-cols-2">
          <Fact label="Cost">{money(run.spentMicro, run.currency)}{run.capMicro > 0 && ` of ${money(run.capMicro, run.currency)}`}</Fact>
          <Fact label="Time">{evidence.find((row) => row.kind === "time")?.figure ?? ""}</Fact>
          <Fact label="Attempts">{run.attempts.length}</Fact>
          <Fact label="Redirects">{run.commands.filter((command) => command.verb === "redirect").length}</Fact>
        </dl>
      </div>
    </div>
  );
}

function Preview({ preview, branch }: { preview: MergePreview; branch: string }) {
  return (
    <Section title="A merge right now">
      <p className={preview.clean ? "text-text-2" : "font-medium text-failed"}>
        {preview.text || (preview.clean ? `Clean on ${branch}@${preview.base.slice(0, 7)}.` : `Does not merge on ${branch}@${preview.base.slice(0, 7)}.`)}
      </p>
      {preview.looking && <p role="status" className="text-meta text-text-3">Looking whether {branch} moved…</p>}
      {preview.conflicts.length > 0 && <ul className="mono text-micro text-text-2">{preview.conflicts.map((path) => <li key={path}>{path}</li>)}</ul>}
    </Section>
  );
}

function ApprovalLine({ approval }: { approval: Approval }) {
  return (
    <li className="text-text-2">
      <span className="font-medium text-text">{approval.by}</span> approved <span className="mono">{approval.head.slice(0, 7)}</span> <Ago at={approval.at} />
      {!approval.stands && <span className="text-needs">, no longer stands: {approval.why}</span>}
      {approval.words && <span className="block">{approval.words}</span>}
    </li>
  );
}
