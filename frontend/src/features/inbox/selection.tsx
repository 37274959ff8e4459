import { Clock, CornerUpRight, Pause, X } from "lucide-react";
import { Composer } from "@/features/inbox/composer";
import { KindIcon } from "@/features/inbox/kind-icon";
import { effectOf, sortOut, togetherWord, whyAlone } from "@/features/inbox/answers";
import { runOf } from "@/features/inbox/run-of";
import type { Triage } from "@/features/inbox/use-triage";
import { plural } from "@/lib/money";
import { Button } from "@/ui/button";
import { WaitClock } from "@/ui/clock";
import { Lines, Section } from "@/ui/section";
import { proofWord } from "@/features/review/proof";
import type { Request, Run } from "@/wire/types";

/** While something is selected, the page shows what one key will do to each of them, before it is pressed. */
export function SelectionDetail({ triage }: { triage: Triage }) {
  const [together, alone] = sortOut(triage.targets, runOf);
  const merges = together.filter((request) => request.kind === "review").length;
  const runs = triage.targets.flatMap((request) => request.runs).length;
  return (
    <article aria-label="Selection" className="flex h-full flex-col">
      <div tabIndex={0} role="region" aria-label="Selected requests" className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-[780px] flex-col gap-6 px-8 pb-10 pt-6">
          <h2 className="text-ask font-semibold tracking-[-0.015em]">{plural(triage.targets.length, "request")} selected, {plural(runs, "run")}</h2>
          {together.length > 0 && <Section title="Decided together"><Lines>{together.map((one) => <Line key={one.id} request={one} effect={effectOf(one, runOf(one), triage.picks)} />)}</Lines></Section>}
          {alone.length > 0 && <Section title="Left in the inbox"><Lines>{alone.map((one) => <Line key={one.id} request={one} effect={whyAlone(one, runOf(one))} />)}</Lines></Section>}
        </div>
      </div>
      <div className="hairline-t bg-surface px-8 py-3">
        <div className="mx-auto flex max-w-[716px] flex-col gap-2.5">
          {triage.composer === "none" ? <Verbs triage={triage} together={together} merges={merges} /> : <Composer mode={triage.composer === "words" ? "words" : "redirect"} triage={triage} />}
        </div>
      </div>
    </article>
  );
}

function Line({ request, effect: what }: { request: Request; effect: string }) {
  const title = runOf(request)?.ticket.title ?? "";
  return (
    <li className="flex min-h-11 items-center gap-3 py-1.5">
      <KindIcon kind={request.kind} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{request.ask}</span>
        <span className="block truncate text-meta text-text-3"><span className="mono">{runOf(request)?.ticket.key}</span>{title !== "" && !request.ask.includes(title) && <span> {title}</span>}{request.kind === "review" && <Proof run={runOf(request)} />}{request.runs.length > 1 && `, ${request.runs.length} runs`}</span>
      </span>
      <span className="max-w-[45%] text-right text-text-2">{what}</span>
      <WaitClock since={request.waitingSince} />
    </li>
  );
}

/** What was seen of a head that is approved from here: the proof and the size, in one line. */
function Proof({ run }: { run: Run | undefined }) {
  if (!run?.proposal) return null;
  return <span className="num">, {proofWord(run.proposal)}, {plural(run.proposal.files, "file")} +{run.proposal.added} −{run.proposal.removed}</span>;
}

/** What the key will do, before it is pressed. */
function means(merges: number): string {
  const each = "Every run answers for itself; you get a receipt for each, and Z takes back what no agent has read yet.";
  if (merges === 0) return each;
  return `Merges ${merges === 1 ? "the sealed head" : `${merges} sealed heads`} named above, and nothing newer: a run whose head has moved refuses it alone. Only a reverting merge undoes it.`;
}

function Verbs({ triage, together, merges }: { triage: Triage; together: readonly Request[]; merges: number }) {
  const count = together.length;
  return (
    <>
      <p className="text-meta text-text-2">{means(merges)}</p>
      <div role="toolbar" aria-label="Decide for the selection" className="flex items-center gap-2">
        <Button look="primary" size="large" keys="a" disabled={!triage.may || count === 0} onClick={() => triage.approve()}>{togetherWord(together)}</Button>
        {triage.canRedirect && <Button size="large" keys="r" icon={<CornerUpRight size={15} />} disabled={!triage.may} onClick={() => triage.compose("redirect")}>Redirect all</Button>}
        <span className="ml-auto flex gap-1">
          {triage.canPause && <Button look="ghost" size="large" keys="p" icon={<Pause size={14} />} disabled={!triage.may} onClick={triage.pause}>Pause</Button>}
          <Button look="ghost" size="large" keys="s" icon={<Clock size={14} />} disabled={!triage.may} onClick={triage.snooze}>Snooze</Button>
          <Button look="ghost" size="large" keys="escape" icon={<X size={14} />} onClick={triage.clear}>Clear</Button>
        </span>
      </div>
    </>
  );
}
