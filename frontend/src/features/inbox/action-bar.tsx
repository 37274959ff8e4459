import { Clock, CornerUpRight, Pause, Pencil, Undo2, UserRound } from "lucide-react";
import { useMe } from "@/app/session";
import { Composer } from "@/features/inbox/composer";
import type { Triage } from "@/features/inbox/use-triage";
import { amountOf, approveWord, choiceOf, isMoney, missing, raises } from "@/features/inbox/answers";
import { money } from "@/lib/money";
import { usePeople, useRun } from "@/live/hooks";
import { Button } from "@/ui/button";
import { Menu } from "@/ui/menu";
import type { Person, Request } from "@/wire/types";

interface Props { request: Request; triage: Triage; menu: boolean; onMenu: (open: boolean) => void }

/** Always in the same place, always the same order, with the key on each, and only what has an effect on this run. Above it
 * one sentence: what A will do. */
export function ActionBar({ request, triage, menu, onMenu }: Props) {
  const { composer } = triage;
  const writing = composer === "redirect" || composer === "words" || composer === "refuse";
  return (
    <div className="hairline-t bg-surface px-8 py-3 max-tablet:px-4">
      <div className="mx-auto flex max-w-[716px] wide:max-w-[836px] flex-col gap-2.5">
        {writing
          ? <Composer mode={composer} triage={triage} />
          : (
            <>
              <p className="text-meta text-text-3"><span className="text-text-2"><Means request={request} triage={triage} /></span> <span className="max-tablet:hidden">{undone(request, triage)}</span></p>
              <Actions request={request} triage={triage} menu={menu} onMenu={onMenu} />
            </>
          )}
      </div>
    </div>
  );
}

/** What A does where the platform has nothing to add to it. */
const PLAIN: Partial<Record<Request["kind"], string>> = { question: "Sends this answer. The agent goes on with it." };

/** How it is undone: nothing is to undo where A only opens a page, and what ends the work has its own sentence. */
const undone = (request: Request, { picks }: Triage): string =>
  request.kind === "review" || (request.kind === "budget" && !raises(request, picks)) ? "" : request.reversible;

/** What A does, in the platform's words; for a budget with the amount that stands in the box, or with the end that was picked. */
function Means({ request, triage }: { request: Request; triage: Triage }) {
  const run = useRun(request.runs[0] ?? "");
  if (request.kind === "review") return <>Opens the review of <span className="mono">{request.head.slice(0, 7)}</span>: its evidence and its diff. Nothing is merged before you approve it there.</>;
  if (request.kind !== "budget" || !run) return <>{request.approveMeans || PLAIN[request.kind]}</>;
  if (!raises(request, triage.picks)) return <>{request.choices.find((one) => one.id === choiceOf(request, triage.picks))?.effect}</>;
  if (!isMoney(request)) return <>{request.approveMeans}</>;
  return <>Raises the cap of {run.ticket.key} from {money(run.capMicro, run.currency)} to {money(amountOf(request, run, triage.picks), run.currency)}. {request.approveMeans}</>;
}

function Actions({ request, triage, menu, onMenu }: Props) {
  const run = useRun(request.runs[0] ?? "");
  const off = !triage.may || request.state === "decided" || request.state === "withdrawn";
  const why = triage.may ? undefined : "You watch this project; deciding needs the right to supervise";
  const refuseFirst = request.kind === "permission" && request.risk === "high";
  const freeText = request.kind === "question" && request.choices.length === 0;
  const refuse = request.kind === "permission" && (
    <Button key="refuse" look={refuseFirst ? "primary" : "plain"} size="large" disabled={off} onClick={() => (refuseFirst ? triage.refuse("Refused. Take another way.") : triage.compose("refuse"))} className="max-tablet:flex-1">Refuse</Button>
  );
  return (
    <div className="flex flex-wrap items-center gap-2" title={why}>
      {refuseFirst && refuse}
      <Button look={refuseFirst ? "plain" : "primary"} size="large" keys="a" disabled={off || missing(request, run, triage.picks) !== ""} onClick={() => (freeText ? triage.compose("words") : triage.approve())} className="max-tablet:flex-1">{freeText ? "Answer in words" : approveWord(request, triage.picks)}</Button>
      {!refuseFirst && refuse}
      {triage.canRedirect && <Button size="large" keys="r" icon={<CornerUpRight size={15} />} disabled={off} onClick={() => triage.compose("redirect")} className="max-tablet:flex-1">Redirect</Button>}
      {request.kind === "plan" && <Button size="large" look="ghost" keys="e" icon={<Pencil size={14} />} disabled={off} onClick={() => triage.compose("plan")}>Edit</Button>}
      <span className="ml-auto flex gap-1 max-tablet:ml-0 max-tablet:w-full max-tablet:justify-between">
        {triage.canPause && <Button look="ghost" size="large" keys="p" icon={<Pause size={14} />} disabled={off} onClick={triage.pause}>Pause</Button>}
        {request.state === "open"
          ? <Button look="ghost" size="large" keys="s" icon={<Clock size={14} />} disabled={off} onClick={triage.snooze}>Snooze</Button>
          : <Button look="ghost" size="large" icon={<Undo2 size={14} />} disabled={off} onClick={triage.takeBack}>Take back</Button>}
        <Delegate triage={triage} off={off} menu={menu} onMenu={onMenu} />
      </span>
    </div>
  );
}

/** Whom something can be given to: everybody else. */
export function useOthers(): Person[] {
  const who = useMe();
  return usePeople().filter((person) => person.id !== who.person.id);
}

function Delegate({ triage, off, menu, onMenu }: { triage: Triage; off: boolean; menu: boolean; onMenu: (open: boolean) => void }) {
  const others = useOthers();
  if (others.length === 0) return null;
  return (
    <Menu side="top" open={menu} onOpenChange={onMenu} title="Who should decide this"
      trigger={<Button look="ghost" size="large" keys="d" icon={<UserRound size={14} />} disabled={off}>Delegate</Button>}
      items={others.map((person) => ({ label: person.name, onPick: () => triage.delegate(person) }))} />
  );
}
