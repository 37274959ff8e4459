import { CircleCheck, CircleDashed, CircleMinus, CircleX, Clock, LoaderCircle, TriangleAlert } from "lucide-react";
import { Breakable } from "@/ui/breakable";
import { Section } from "@/ui/section";
import type { Check, EvidenceRow, Proposal } from "@/wire/types";

/** Proof before prose: what failed and passes, what passed and still does, what is beyond the plan. Re-run by us, not claimed. */
export function EvidenceTable({ rows, head, checks = [] }: { rows: readonly EvidenceRow[]; head: string; checks?: readonly Check[] }) {
  // What it cost is a fact beside the proof, never a part of it.
  const proofs = rows.filter((row) => row.kind !== "cost" && row.kind !== "time");
  return (
    <Section title="Evidence" aside={<span>for <span className="mono">{head.slice(0, 7)}</span>, re-run by Quarterdeck</span>}>
      <table className="w-full text-left">
        <thead className="sr-only"><tr><th>Result</th><th>What</th><th>Figure</th><th>Note</th></tr></thead>
        <tbody className="divide-y divide-line">
          {proofs.map((row) => (
            <tr key={row.kind + row.what} className="h-8">
              <td className="w-6 min-w-6 py-2 align-top"><EvidenceIcon state={row.state} kind={row.kind} /></td>
              <td className="whitespace-nowrap py-1 pr-4 align-top font-medium max-tablet:whitespace-normal">
                {row.what}
                <span className="block text-meta font-normal text-text-2 tablet:hidden">{row.note}<Items items={row.items} /></span>
              </td>
              <td className="num whitespace-nowrap py-1 pr-6 text-right align-top font-semibold">{row.figure}</td>
              <td className="w-full py-1 align-top text-text-2 max-tablet:hidden">{row.note}<Items items={row.items} /></td>
            </tr>
          ))}
          {checks.map((check) => (
            <tr key={check.name} className="h-8">
              <td className="w-6 min-w-6"><CheckIcon state={check.state} /></td>
              <td className="whitespace-nowrap pr-4 max-tablet:whitespace-normal">{check.name}{check.note && <span className="num block text-meta text-text-2 tablet:hidden">{check.note}</span>}</td>
              <td className="pr-6 text-right text-meta text-text-3">check</td>
              <td className="num text-text-2 max-tablet:hidden">{check.note}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}

const SHOWN = 4;
/** The names behind a figure: a few at once, the rest when asked for. */
function Items({ items }: { items: readonly string[] }) {
  if (items.length === 0) return null;
  if (items.length <= SHOWN) return <ul className="mono text-micro text-text-3">{items.map((item) => <li key={item}><Breakable text={item} /></li>)}</ul>;
  return (
    <details className="text-meta">
      <summary className="text-text-3">{items.length} names</summary>
      <ul className="mono max-h-48 overflow-y-auto text-micro text-text-3">{items.map((item) => <li key={item}><Breakable text={item} /></li>)}</ul>
    </details>
  );
}

const figure = (count: number | null): string => (count === null ? "not run" : count.toLocaleString("en"));
const state = (good: boolean | null): EvidenceRow["state"] => (good === null ? "unknown" : good ? "good" : "warn");

/** The rows of proof that a card carries, for the inbox: in the words of the review's own. */
export function proofOf(proposal: Proposal): EvidenceRow[] {
  const { failToPass, passToPass, broken, stillFailing, knownRed, beyondPlan } = proposal;
  const row = (kind: EvidenceRow["kind"], what: string, figure: string, note: string, state: EvidenceRow["state"], items: string[] = []): EvidenceRow => ({ kind, what, figure, note, state, items });
  const fails = stillFailing ? [row("still_failing", "Fail with the change", figure(stillFailing), "they did not fail before", "warn")] : [];
  const known = knownRed ? [row("known_red", "Failed before, fail now", figure(knownRed), `red on ${proposal.baseSha.slice(0, 7)} too: no doing of this change`, "unknown")] : [];
  return [
    row("f2p", "Failed before, pass now", figure(failToPass), failToPass === 0 ? "no test shows that the change was needed" : "", state(failToPass === null ? null : failToPass > 0)),
    row("p2p", "Passed before, still pass", passToPass === null ? "not run" : `${passToPass.toLocaleString("en")} of ${(passToPass + (broken ?? 0)).toLocaleString("en")}`, broken ? `${broken} passed before and ${broken === 1 ? "fails" : "fail"} now` : "", broken ? "bad" : state(passToPass === null ? null : passToPass > 0)),
    ...fails, ...known,
    row("beyond_plan", "Beyond the plan", figure(beyondPlan.length), beyondPlan.length > 0 ? "the plan did not name them" : "", state(beyondPlan.length === 0), beyondPlan),
  ];
}

export const ProofTable = ({ proposal }: { proposal: Proposal }) => <EvidenceTable rows={proofOf(proposal)} head={proposal.head} />;

function EvidenceIcon({ state: how, kind }: Pick<EvidenceRow, "state" | "kind">) {
  if (kind === "known_red") return <CircleMinus size={14} className="text-text-3" aria-label="as before" />;
  if (how === "good") return <CircleCheck size={14} className="text-done" aria-label="good" />;
  if (how === "bad") return <CircleX size={14} className="text-failed" aria-label="speaks against it" />;
  if (how === "warn") return <TriangleAlert size={14} className="text-needs" aria-label="look here" />;
  return <CircleDashed size={14} className="text-text-3" aria-label="not known" />;
}

export function CheckIcon({ state: how }: { state: Check["state"] }) {
  if (how === "passed") return <CircleCheck size={14} className="text-done" aria-label="passed" />;
  if (how === "failed") return <CircleX size={14} className="text-failed" aria-label="failed" />;
  if (how === "broken") return <TriangleAlert size={14} className="text-broken" aria-label="could not run" />;
  if (how === "running") return <LoaderCircle size={14} className="ring-spin text-working" aria-label="running" />;
  return <Clock size={14} className="text-text-3" aria-label="queued" />;
}
