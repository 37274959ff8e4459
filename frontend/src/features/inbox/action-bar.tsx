import { Clock, CornerUpRight, Pause, Pencil, Undo2, UserRound } from "lucide-react";
import { useMe } from "@/app/session";
import { Composer } from "@/features/inbox/composer";
import type { Triage } from "@/features/inbox/use-triage";
import { amountOf, choiceOf } from "@/features/inbox/answers";
import { APPROVE_WORD } from "@/lib/attention";
import { usePeople } from "@/live/hooks";
import { Button } from "@/ui/button";
import { Menu } from "@/ui/menu";
import type { Request } from "@/wire/types";

interface Props { request: Request; triage: Triage; menu: boolean; onMenu: (open: boolean) => void }

/** Always in the same place, always the same order, with the key on each. Above it one sentence: what A will do. */
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
              <p className="text-meta text-text-3"><span className="text-text-2">{request.approveMeans}</span> <span className="max-tablet:hidden">{request.reversible}</span></p>
              <Actions request={request} triage={triage} menu={menu} onMenu={onMenu} />
            </>
          )}
      </div>
    </div>
  );
}

/** Why A cannot be pressed yet: a question without a picked answer, a budget without an amount. */
function missing(request: Request, triage: Triage): boolean {
  if (request.kind === "question" || request.kind === "conflict") return request.choices.length > 0 && choiceOf(request, triage.picks) === undefined;
  return request.kind === "budget" && amountOf(request, triage.picks) === null;
}

function Actions({ request, triage, menu, onMenu }: Props) {
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
      <Button look={refuseFirst ? "plain" : "primary"} size="large" keys="a" disabled={off || missing(request, triage)} onClick={() => (freeText ? triage.compose("words") : triage.approve())} className="max-tablet:flex-1">{freeText ? "Answer in words" : APPROVE_WORD[request.kind]}</Button>
      {!refuseFirst && refuse}
      <Button size="large" keys="r" icon={<CornerUpRight size={15} />} disabled={off} onClick={() => triage.compose("redirect")} className="max-tablet:flex-1">Redirect</Button>
      {request.kind === "plan" && <Button size="large" look="ghost" keys="e" icon={<Pencil size={14} />} disabled={off} onClick={() => triage.compose("plan")}>Edit</Button>}
      <span className="ml-auto flex gap-1 max-tablet:ml-0 max-tablet:w-full max-tablet:justify-between">
        <Button look="ghost" size="large" keys="p" icon={<Pause size={14} />} disabled={off} onClick={triage.pause}>Pause</Button>
        {request.state === "open"
          ? <Button look="ghost" size="large" keys="s" icon={<Clock size={14} />} disabled={off} onClick={triage.snooze}>Snooze</Button>
          : <Button look="ghost" size="large" icon={<Undo2 size={14} />} disabled={off} onClick={triage.takeBack}>Take back</Button>}
        <Delegate triage={triage} off={off} menu={menu} onMenu={onMenu} />
      </span>
    </div>
  );
}

function Delegate({ triage, off, menu, onMenu }: { triage: Triage; off: boolean; menu: boolean; onMenu: (open: boolean) => void }) {
  const who = useMe();
  const others = usePeople().filter((person) => person.id !== who.person.id);
  if (others.length === 0) return null;
  return (
    <Menu side="top" open={menu} onOpenChange={onMenu} title="Who should decide this"
      trigger={<Button look="ghost" size="large" keys="d" icon={<UserRound size={14} />} disabled={off}>Delegate</Button>}
      items={others.map((person) => ({ label: person.name, onPick: () => triage.delegate(person) }))} />
  );
}
