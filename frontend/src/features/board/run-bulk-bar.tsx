import { CornerUpRight, Pause, Play, Square, X } from "lucide-react";
import { useState } from "react";
import { useKeys } from "@/app/keys";
import { mayDecide, useMe } from "@/app/session";
import { decideRequests, decideRuns } from "@/features/decide/decide";
import { answerTo, effectOf, missing, togetherWord, whyAlone, type Picks } from "@/features/inbox/answers";
import { runOf } from "@/features/inbox/run-of";
import { redirectRuns } from "@/features/run/api/redirect-run";
import { stopRuns } from "@/features/run/api/stop-run";
import { useRequests } from "@/live/hooks";
import { peek } from "@/live/store";
import { plural } from "@/lib/money";
import { Button, IconButton } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { RedirectBox } from "@/ui/redirect-box";
import type { Request, Verb } from "@/wire/types";

const NO_PICKS: Picks = { choices: {}, plans: {}, amounts: {} };

/** What these runs ask and one action may answer: nothing that needs a look of its own. */
function useApprovable(ids: readonly string[]): Request[] {
  const open = useRequests().filter((request) => request.state === "open" && request.runs.some((id) => ids.includes(id)));
  return open.filter((request) => whyAlone(request, runOf(request)) === "" && missing(request, runOf(request), NO_PICKS) === "");
}

/** One action over many runs. What each run made of it comes back as a receipt. */
export function RunBulkBar({ ids, onClear }: { ids: string[]; onClear: () => void }) {
  const who = useMe();
  const may = ids.every((id) => mayDecide(who, peek().runs.get(id)?.project ?? ""));
  const [stopping, setStopping] = useState(false);
  const [writing, setWriting] = useState(false);
  const [approving, setApproving] = useState(false);
  const [text, setText] = useState("");
  const names = ids.map((id) => peek().runs.get(id)?.ticket.key ?? "").join(", ");
  const act = (verb: Verb) => { void decideRuns(ids, { verb }); onClear(); };
  const redirect = () => { setWriting(false); void redirectRuns(ids, text); onClear(); };
  const approvable = useApprovable(ids);
  const approve = () => { setApproving(false); void decideRequests(approvable, (request) => answerTo(request, runOf(request), NO_PICKS, "")); onClear(); };
  const stop = () => { setStopping(false); void stopRuns(ids); onClear(); };
  useKeys([
    { keys: "a", does: "Decide what the selection asks", group: "List", run: () => { if (may && approvable.length > 0) setApproving(true); } },
    { keys: "p", does: "Pause the selection", group: "List", run: () => { if (may) act("pause"); } },
    { keys: "r", does: "Redirect the selection", group: "List", run: () => { if (may) setWriting(true); } },
  ]);
  return (
    <div role="toolbar" aria-label="Decide for the selection" className="enter absolute bottom-4 left-1/2 z-20 flex -translate-x-1/2 items-center gap-1.5 rounded-panel bg-raised py-2 pl-4 pr-2 shadow-(--shadow) max-tablet:inset-x-3 max-tablet:translate-x-0 max-tablet:overflow-x-auto">
      <span className="num mr-2 whitespace-nowrap font-medium">{plural(ids.length, "run")} selected</span>
      {approvable.length > 0 && <Button look="primary" keys="a" disabled={!may} onClick={() => setApproving(true)}>{togetherWord(approvable)}</Button>}
      <Button look={approvable.length > 0 ? "plain" : "primary"} keys="r" icon={<CornerUpRight size={14} />} disabled={!may} onClick={() => setWriting(true)}>Redirect</Button>
      <Button keys="p" icon={<Pause size={14} />} disabled={!may} onClick={() => act("pause")}>Pause</Button>
      <Button icon={<Play size={14} />} disabled={!may} onClick={() => act("resume")}>Resume</Button>
      <Button look="danger" icon={<Square size={13} />} disabled={!may} onClick={() => setStopping(true)}>Stop</Button>
      <IconButton label="Clear the selection (Esc)" onClick={onClear}><X size={15} /></IconButton>
      <Dialog open={writing} onClose={() => setWriting(false)} title={`Redirect ${plural(ids.length, "run")}`} note="Each run gets the same words and answers for itself; you get a receipt per run.">
        <RedirectBox value={text} onChange={setText} to={plural(ids.length, "run")} sendWord="Redirect" onSend={redirect} />
      </Dialog>
      <Dialog open={approving} onClose={() => setApproving(false)} title={`${togetherWord(approvable)}?`} note="Each run answers for itself; you get a receipt per run. What needs its own look stays in the inbox."
        footer={<><Button look="ghost" onClick={() => setApproving(false)}>Cancel</Button><Button look="primary" autoFocus onClick={approve}>{togetherWord(approvable)}</Button></>}>
        <ul className="flex flex-col gap-1.5 text-text-2">
          {approvable.map((one) => <li key={one.id} className="flex gap-3"><span className="mono shrink-0 text-text">{runOf(one)?.ticket.key}</span><span className="min-w-0"><span className="block text-text">{one.ask}</span>{effectOf(one, runOf(one), NO_PICKS)}</span></li>)}
        </ul>
      </Dialog>
      <Dialog open={stopping} onClose={() => setStopping(false)} title={`Stop ${plural(ids.length, "run")}?`} note="A stopped run does not go on. Its branch and its history stay; money spent is spent."
        footer={<><Button look="ghost" onClick={() => setStopping(false)}>Leave them</Button><Button look="danger" onClick={stop}>Stop {plural(ids.length, "run")}</Button></>}>
        <p className="mono text-text-2">{names}</p>
      </Dialog>
    </div>
  );
}
