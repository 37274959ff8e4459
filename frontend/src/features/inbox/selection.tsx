import { Clock, CornerUpRight, Pause, X } from "lucide-react";
import { Composer } from "@/features/inbox/composer";
import { KindIcon } from "@/features/inbox/kind-icon";
import { choiceOf, sortOut, whyAlone } from "@/features/inbox/answers";
import { runOf } from "@/features/inbox/run-of";
import type { Triage } from "@/features/inbox/use-triage";
import { APPROVE_WORD } from "@/lib/attention";
import { plural } from "@/lib/money";
import { Button } from "@/ui/button";
import { WaitClock } from "@/ui/clock";
import { Lines, Section } from "@/ui/section";
import type { Request } from "@/wire/types";

/** While something is selected, the page shows what one key will do to each of them, before it is pressed. */
export function SelectionDetail({ triage }: { triage: Triage }) {
  const [together, alone] = sortOut(triage.targets);
  const runs = triage.targets.flatMap((request) => request.runs).length;
  return (
    <article aria-label="Selection" className="flex h-full flex-col">
      <div tabIndex={0} role="region" aria-label="Selected requests" className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-[780px] flex-col gap-6 px-8 pb-10 pt-6">
          <h2 className="text-ask font-semibold tracking-[-0.015em]">{plural(triage.targets.length, "request")} selected, {plural(runs, "run")}</h2>
          {together.length > 0 && <Section title="Decided together"><Lines>{together.map((one) => <Line key={one.id} request={one} effect={effect(one, triage)} />)}</Lines></Section>}
          {alone.length > 0 && <Section title="Left in the inbox"><Lines>{alone.map((one) => <Line key={one.id} request={one} effect={whyAlone(one)} />)}</Lines></Section>}
        </div>
      </div>
      <div className="hairline-t bg-surface px-8 py-3">
        <div className="mx-auto flex max-w-[716px] flex-col gap-2.5">
          {triage.composer === "none" ? <Verbs triage={triage} count={together.length} /> : <Composer mode={triage.composer === "words" ? "words" : "redirect"} triage={triage} />}
        </div>
      </div>
    </article>
  );
}

function effect(request: Request, triage: Triage): string {
  const chosen = choiceOf(request, triage.picks);
  const answer = request.choices.find((choice) => choice.id === chosen);
  return answer ? answer.label : APPROVE_WORD[request.kind];
}

function Line({ request, effect: what }: { request: Request; effect: string }) {
  return (
    <li className="flex min-h-11 items-center gap-3 py-1.5">
      <KindIcon kind={request.kind} />
      <span className="min-w-0 flex-1">
        <span className="block truncate font-medium">{request.ask}</span>
        <span className="block truncate text-meta text-text-3"><span className="mono">{runOf(request)?.ticket.key}</span>{request.runs.length > 1 && `, ${request.runs.length} runs`}</span>
      </span>
      <span className="max-w-60 truncate text-text-2">{what}</span>
      <WaitClock since={request.waitingSince} />
    </li>
  );
}

function Verbs({ triage, count }: { triage: Triage; count: number }) {
  return (
    <>
      <p className="text-meta text-text-2">Every run answers for itself; you get a receipt for each, and Z takes back what no agent has read yet.</p>
      <div role="toolbar" aria-label="Decide for the selection" className="flex items-center gap-2">
        <Button look="primary" size="large" keys="a" disabled={!triage.may || count === 0} onClick={() => triage.approve()}>Approve {count}</Button>
        <Button size="large" keys="r" icon={<CornerUpRight size={15} />} disabled={!triage.may} onClick={() => triage.compose("redirect")}>Redirect all</Button>
        <span className="ml-auto flex gap-1">
          <Button look="ghost" size="large" keys="p" icon={<Pause size={14} />} disabled={!triage.may} onClick={triage.pause}>Pause</Button>
          <Button look="ghost" size="large" keys="s" icon={<Clock size={14} />} disabled={!triage.may} onClick={triage.snooze}>Snooze</Button>
          <Button look="ghost" size="large" keys="escape" icon={<X size={14} />} onClick={triage.clear}>Clear</Button>
        </span>
      </div>
    </>
  );
}
