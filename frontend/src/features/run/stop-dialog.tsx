import { stopRuns } from "@/features/run/api/stop-run";
import { stopWords } from "@/features/run/stop-words";
import { money } from "@/lib/money";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import type { Run } from "@/wire/types";

/** The one decision on this page that has no way back: it names its target and says what stays. */
export function StopDialog({ run, onClose }: { run: Run; onClose: () => void }) {
  const { keep, ends } = stopWords(run);
  const stop = () => {
    onClose();
    void stopRuns([run.id]);
  };
  return (
    <Dialog open onClose={onClose} title={`Stop ${run.ticket.key}?`} note={`${run.ticket.title}. A stopped run does not go on; the ticket can be given to an agent again.`}
      footer={<><Button look="ghost" onClick={onClose}>{keep}</Button><Button look="danger" onClick={stop}>Stop {run.ticket.key}</Button></>}>
      <ul className="flex list-disc flex-col gap-1 pl-4 text-text-2">
        <li>{ends}</li>
        <li>The history, what the agent committed and the {money(run.spentMicro, run.currency)} spent stay; <span className="mono">{run.branch}</span> is untouched.</li>
      </ul>
    </Dialog>
  );
}
