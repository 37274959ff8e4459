import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { getCheckpoints } from "@/features/run/api/run-reads";
import { rewindRun } from "@/features/run/api/rewind-run";
import { chapters } from "@/features/run/derive";
import { target, type Back } from "@/features/run/rewind-target";
import { money, plural } from "@/lib/money";
import { exactTime, timeOfDay } from "@/lib/time";
import { useTimeline } from "@/live/hooks";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Field, Select, TextArea } from "@/ui/field";
import { Reading } from "@/ui/failure";
import { Fact } from "@/ui/section";
import type { Checkpoint, Run } from "@/wire/types";

export type { Back } from "@/features/run/rewind-target";

/** Before a rewind: what is kept, what is given up, and what the agent will be told. */
export function RewindDialog({ run, back, onClose }: { run: Run; back: Back; onClose: () => void }) {
  const read = useQuery({ queryKey: ["checkpoints", run.id], queryFn: () => getCheckpoints(run.id), staleTime: 0 });
  const usable = read.data?.filter((one) => !one.undone);
  const parts = chapters(useTimeline(run.id), run.plan);
  const first = usable && target(usable, parts, back);
  const [picked, setPicked] = useState<string>();
  const [words, setWords] = useState("");
  const kept = usable?.find((one) => one.id === (picked ?? first?.id));
  const go = () => {
    if (!kept) return;
    onClose();
    void rewindRun(run.id, kept.id, words);
  };
  return (
    <Dialog open onClose={onClose} title={`Rewind ${run.ticket.key}`} note="The tree and the agent's memory go back to one checkpoint; from there it goes on with your words."
      footer={<><Button look="ghost" onClick={onClose}>Cancel</Button><Button look="primary" disabled={!kept} onClick={go}>{kept ? `Rewind to ${timeOfDay(kept.at)} and go on` : "Rewind and go on"}</Button></>}>
      <Reading read={read} what="The checkpoints could not be read." lines={3}>
        {() => (!usable || usable.length === 0 || !kept
          ? <p className="text-text-2">There is no checkpoint to go back to yet.</p>
          : <Body run={run} usable={usable} kept={kept} onPick={setPicked} />)}
      </Reading>
      <div className="mt-3"><TextArea aria-label="Words for the agent" rows={3} value={words} onChange={(event) => setWords(event.target.value)} placeholder="What it should do differently from here" /></div>
    </Dialog>
  );
}

const nameOf = (one: Checkpoint): string => [timeOfDay(one.at), one.title || one.node, one.commit.slice(0, 7)].filter(Boolean).join(" · ");

function Body({ run, usable, kept, onPick }: { run: Run; usable: readonly Checkpoint[]; kept: Checkpoint; onPick: (id: string) => void }) {
  const given = usable.filter((one) => one.at > kept.at);
  const commits = new Set(given.map((one) => one.commit).filter((sha) => sha && sha !== kept.commit)).size;
  return (
    <>
      <Field label="Back to" hint={`Made ${exactTime(kept.at)}`}>
        <Select value={kept.id} onChange={(event) => onPick(event.target.value)}>{usable.map((one) => <option key={one.id} value={one.id}>{nameOf(one)}</option>)}</Select>
      </Field>
      <dl className="grid grid-cols-3 gap-4 py-3">
        <Fact label="Given up">{plural(given.length, "checkpoint")}</Fact>
        <Fact label="Commits set aside">{commits}, kept until the run ends</Fact>
        <Fact label="Money">{money(run.spentMicro, run.currency)} stay spent</Fact>
      </dl>
      <ol className="list-none text-text-2">
        {given.slice(0, 12).map((one) => <li key={one.id} className="truncate py-0.5 line-through decoration-text-3">{nameOf(one)}</li>)}
        {given.length > 12 && <li className="text-text-3">and {given.length - 12} more</li>}
      </ol>
    </>
  );
}
