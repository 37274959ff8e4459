import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { approveBreakdown, declineBreakdown, draftTickets, editBreakdown, getBreakdown, proposeTickets } from "@/features/tickets/api/breakdowns";
import { sayError } from "@/lib/http";
import { plural } from "@/lib/money";
import { Button, IconButton } from "@/ui/button";
import { Reading } from "@/ui/failure";
import { Input, TextArea } from "@/ui/field";
import { Lines, Section } from "@/ui/section";
import type { Breakdown, BreakdownLine, TicketView } from "@/wire/types";

/** An epic's tickets: proposed from its text, edited and approved here. Before that nothing is created in the tracker. */
export function EpicTickets({ ticket, may }: { ticket: TicketView; may: boolean }) {
  const read = useQuery({ queryKey: ["tickets", ticket.id, "breakdown"], queryFn: () => getBreakdown(ticket.id), refetchInterval: (query) => (query.state.data?.state === "approved" ? 5_000 : query.state.data?.drafting ? 2_000 : false) });
  return (
    <Section title="Its tickets">
      <Reading read={read} what="The proposal could not be read.">
        {(told) => (told.state === "open" && may ? <Editor key={told.version} ticket={ticket.id} told={told} /> : <Told ticket={ticket.id} told={told} may={may} />)}
      </Reading>
    </Section>
  );
}

const HEADS: Record<Breakdown["state"], string> = { none: "Nobody has planned it into tickets yet.", open: "A proposal waits for a person who supervises.", approved: "They are being created.", done: "They were created.", declined: "The last proposal was declined." };

function Told({ ticket, told, may }: { ticket: string; told: Breakdown; may: boolean }) {
  const { act, error, busy } = useAct();
  const wrong = told.lines.some((line) => line.why !== "");
  return (
    <div className="flex flex-col gap-3">
      <p className="text-text-2">{HEADS[told.state]}</p>
      {told.lines.length > 0 && (
        <Lines label="Tickets of this epic">
          {told.lines.map((line) => (
            <li key={line.id} className="flex min-h-9 items-baseline gap-3 py-1.5 max-tablet:flex-wrap">
              <span className="mono shrink-0 text-text-2">{line.key || line.kind}</span>
              <span className="min-w-0 flex-1 break-words">{line.title}{line.why && <span className="block text-failed">{line.why}</span>}</span>
            </li>
          ))}
        </Lines>
      )}
      {error && <p role="alert" className="text-failed">{error}</p>}
      {may && (
        <div className="flex gap-2">
          {["none", "done", "declined"].includes(told.state) && <Button disabled={busy} onClick={() => act(() => proposeTickets(ticket))}>{told.state === "none" ? "Plan into tickets" : "Plan more tickets"}</Button>}
          {told.state === "approved" && wrong && <Button disabled={busy} onClick={() => act(() => approveBreakdown(ticket, told.version))}>Try again</Button>}
          {told.state === "approved" && wrong && <Button look="ghost" disabled={busy} onClick={() => act(() => declineBreakdown(ticket, told.version))}>Leave them out</Button>}
        </div>
      )}
    </div>
  );
}

/** What is approved is what stands here: changes are kept first, and somebody else's edit in between is told. */
function Editor({ ticket, told }: { ticket: string; told: Breakdown }) {
  const [lines, setLines] = useState<readonly BreakdownLine[]>(told.lines);
  const { act, error, busy } = useAct();
  const set = (at: number, part: Partial<BreakdownLine>) => setLines(lines.map((line, n) => (n === at ? { ...line, ...part } : line)));
  const approve = async () => {
    const kept = lines === told.lines ? told : await editBreakdown(ticket, told.version, lines);
    return approveBreakdown(ticket, kept.version);
  };
  const draft = async () => {
    const kept = lines === told.lines ? told : await editBreakdown(ticket, told.version, lines);
    return draftTickets(ticket, kept.version);
  };
  const lacks = lines.length === 0 || lines.some((line) => line.title.trim() === "");
  return (
    <form aria-label="Proposed tickets" className="flex flex-col gap-3" onSubmit={(event) => { event.preventDefault(); act(approve); }}>
      <p className="text-text-2">Edit them, leave some out. Nothing is created before you approve.</p>
      <div className="flex flex-wrap items-center gap-2">
        <Button disabled={told.drafting || told.noDraft !== "" || busy} onClick={() => act(draft)}>Draft lines</Button>
        <p role="status" className="min-w-0 flex-1 text-meta text-text-2">{draftWords(told)}</p>
      </div>
      <fieldset disabled={told.drafting} className="flex flex-col gap-3">
      <ul className="flex flex-col gap-3">
        {lines.map((line, at) => (
          <li key={line.id || `new-${at}`} className="flex flex-col gap-1.5">
            <div className="flex items-center gap-2">
              <Input className="max-w-28" aria-label={`Kind of ticket ${at + 1}`} value={line.kind} onChange={(event) => set(at, { kind: event.target.value })} />
              <Input aria-label={`Title of ticket ${at + 1}`} value={line.title} onChange={(event) => set(at, { title: event.target.value })} />
              <IconButton label={`Leave out ticket ${at + 1}`} onClick={() => setLines(lines.filter((_, n) => n !== at))}><X size={14} /></IconButton>
            </div>
            {line.origin === "model" && <p className="text-meta text-text-3">Drafted by the model</p>}
            <TextArea rows={2} aria-label={`Description of ticket ${at + 1}`} value={line.description} onChange={(event) => set(at, { description: event.target.value })} />
          </li>
        ))}
      </ul>
      {error && <p role="alert" className="text-failed">{error}</p>}
      <div className="flex flex-wrap gap-2">
        <Button look="primary" type="submit" disabled={lacks || busy}>{`Create ${plural(lines.length, "ticket")}`}</Button>
        <Button icon={<Plus size={14} />} onClick={() => setLines([...lines, { id: "", title: "", description: "", kind: "Task", key: "", why: "", origin: "" }])}>Add one</Button>
        <Button look="ghost" disabled={lines === told.lines || lacks || busy} onClick={() => act(() => editBreakdown(ticket, told.version, lines))}>Keep for later</Button>
        <Button look="ghost" disabled={busy} onClick={() => act(() => declineBreakdown(ticket, told.version))}>Decline</Button>
      </div>
      </fieldset>
    </form>
  );
}

/** Why no model can be asked, what it does, or what came of it. */
function draftWords(told: Breakdown): string {
  if (told.noDraft) return told.noDraft;
  if (told.drafting) return "A model drafts lines from the epic's text…";
  if (told.draftNote) return `No lines came: ${told.draftNote}`;
  return "A model may draft the lines anew from the epic's text.";
}

function useAct() {
  const reads = useQueryClient();
  const { mutate, error, isPending } = useMutation({
    mutationFn: (act: () => Promise<Breakdown>) => act(),
    onSettled: () => reads.invalidateQueries({ queryKey: ["tickets"] }),
  });
  return { act: (what: () => Promise<Breakdown>) => mutate(what), error: error ? sayError(error) : "", busy: isPending };
}
