import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { ArrowLeft, ExternalLink } from "lucide-react";
import { useState } from "react";
import { assign } from "@/app/overlays";
import { useMayDecide } from "@/app/session";
import { changeTicket, commentTicket, imagePath } from "@/features/tickets/api/write-ticket";
import { EpicTickets } from "@/features/tickets/breakdown";
import { TicketFields, type Fields } from "@/features/tickets/form";
import { heldBy } from "@/features/tickets/held";
import { Fitness, Note } from "@/features/tickets/rows";
import { sayError } from "@/lib/http";
import { reveal } from "@/lib/invisible";
import { projectName } from "@/live/hooks";
import { Button, IconButton } from "@/ui/button";
import { Ago } from "@/ui/clock";
import { TextArea } from "@/ui/field";
import { Markdown } from "@/ui/markdown";
import { Avatar } from "@/ui/person";
import { Section } from "@/ui/section";
import type { TicketView } from "@/wire/types";

/** One ticket: what an agent would read, what is missing, and what was said about it. */
export function TicketDetail({ ticket, onBack }: { ticket: TicketView; onBack: () => void }) {
  const may = useMayDecide(ticket.project);
  const [editing, setEditing] = useState(false);
  return (
    <article aria-label={ticket.key} className="flex h-full flex-col">
      <div tabIndex={0} role="region" aria-label="Ticket" className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex max-w-[780px] flex-col gap-5 px-8 pb-10 pt-5 max-tablet:px-4">
          <div className="flex min-h-7 items-center gap-2 text-meta text-text-2">
            <span className="tablet:hidden"><IconButton label="Back to the tickets" onClick={onBack} className="-ml-3"><ArrowLeft size={18} /></IconButton></span>
            <span className="mono">{ticket.key}</span>
            <span className="text-text-3">{projectName(ticket.project)}</span>
            <Fitness ticket={ticket} />
            {/^https?:\/\//.test(ticket.url) && <a href={ticket.url} target="_blank" rel="noreferrer" className="inline-flex items-center gap-1 text-accent-text hover:underline">Open at the source <ExternalLink size={12} /></a>}
          </div>
          {editing ? <Editor ticket={ticket} onDone={() => setEditing(false)} /> : <Shown ticket={ticket} />}
          <Images ticket={ticket} />
          {epic(ticket) && <EpicTickets key={ticket.id} ticket={ticket} may={may} />}
          <Comments ticket={ticket} may={may} />
        </div>
      </div>
      <Bar ticket={ticket} may={may} editing={editing} onEdit={() => setEditing(true)} />
    </article>
  );
}

/** An epic of a tracker is planned into tickets; no agent works it itself. */
const epic = (ticket: TicketView): boolean => ticket.kind === "Epic" && !ticket.editable;

function Shown({ ticket }: { ticket: TicketView }) {
  return (
    <>
      <h2 className="text-ask font-semibold tracking-[-0.015em] text-balance">{reveal(ticket.title)}</h2>
      {heldBy(ticket).map((words) => <p key={words} className="text-needs">{reveal(words)}</p>)}
      {ticket.readiness.note && ticket.openRun === null && <Note text={ticket.readiness.note} />}
      <Markdown text={ticket.description || "No description."} className="text-lead text-text-2" />
      <p className="text-meta text-text-3">{[ticket.kind, ticket.priority, ticket.reporter && `by ${ticket.reporter}`, ...ticket.labels].filter(Boolean).map((word) => reveal(String(word))).join(" · ")}</p>
    </>
  );
}

/** As downloads: what strangers attached is never drawn in a page of ours. */
function Images({ ticket }: { ticket: TicketView }) {
  if (ticket.images.length === 0) return null;
  return (
    <Section title="Images">
      <ul className="flex flex-col gap-1">
        {ticket.images.map((one) => (
          <li key={one.digest} className="flex items-baseline gap-2">
            <a href={imagePath(ticket.id, one.digest)} download className="text-accent-text hover:underline">{reveal(one.name)}</a>
            <span className="num text-meta text-text-3">{Math.max(1, Math.round(one.size / 1000)).toLocaleString("en")} kB</span>
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Bar({ ticket, may, editing, onEdit }: { ticket: TicketView; may: boolean; editing: boolean; onEdit: () => void }) {
  const reads = useQueryClient();
  const close = useMutation({
    mutationFn: () => changeTicket(ticket.id, { status: ticket.status === "done" ? "open" : "done" }),
    onSuccess: () => reads.invalidateQueries({ queryKey: ["tickets"] }),
  });
  return (
    <div className="hairline-t flex flex-wrap items-center gap-2 bg-surface px-8 py-3 max-tablet:px-4" title={may ? undefined : "You watch this project; changing it needs the right to supervise"}>
      {ticket.openRun !== null
        ? <Link to="/runs/$id" params={{ id: ticket.openRun }} className="inline-flex h-9 items-center rounded-control bg-accent px-3.5 font-medium text-on-accent hover:bg-accent-hover">Open its run</Link>
        : !epic(ticket) && <Button look="primary" size="large" disabled={!may || ticket.status === "done"} onClick={() => assign([ticket.id])}>{ticket.readiness.ready || ticket.status === "done" ? "Start a run" : "Start a run all the same"}</Button>}
      {ticket.editable && !editing && <Button size="large" disabled={!may} onClick={onEdit}>Edit</Button>}
      {ticket.editable && ticket.openRun === null && <Button size="large" look="ghost" disabled={!may || close.isPending} onClick={() => close.mutate()}>{ticket.status === "done" ? "Open it again" : "Mark as done"}</Button>}
      {close.error && <p role="alert" className="text-failed">{sayError(close.error)}</p>}
    </div>
  );
}

function Editor({ ticket, onDone }: { ticket: TicketView; onDone: () => void }) {
  const { title, description, kind, priority, labels } = ticket;
  const [value, setValue] = useState<Fields>({ title, description, kind, priority, labels });
  const reads = useQueryClient();
  const save = useMutation({
    mutationFn: () => changeTicket(ticket.id, value),
    onSuccess: async () => {
      await reads.invalidateQueries({ queryKey: ["tickets"] });
      onDone();
    },
  });
  return (
    <div className="flex flex-col gap-4">
      {ticket.openRun !== null && <p className="text-text-2">An agent works on this ticket. It is told of the change.</p>}
      <TicketFields value={value} onChange={setValue} />
      {save.error && <p role="alert" className="text-failed">{sayError(save.error)}</p>}
      <div className="flex gap-2">
        <Button look="primary" disabled={value.title.trim() === "" || save.isPending} onClick={() => save.mutate()}>Save ticket</Button>
        <Button look="ghost" onClick={onDone}>Leave it as it was</Button>
      </div>
    </div>
  );
}

function Comments({ ticket, may }: { ticket: TicketView; may: boolean }) {
  const [body, setBody] = useState("");
  const reads = useQueryClient();
  const send = useMutation({
    mutationFn: () => commentTicket(ticket.id, { body }),
    onSuccess: async () => {
      setBody("");
      await reads.invalidateQueries({ queryKey: ["tickets"] });
    },
  });
  const go = () => { if (body.trim() !== "" && !send.isPending) send.mutate(); };
  return (
    <Section title="Comments">
      {ticket.comments.length === 0 && <p className="text-text-3">Nobody has said anything.</p>}
      <ul className="flex flex-col gap-4">
        {ticket.comments.map((comment) => (
          <li key={comment.id} className="flex gap-2.5">
            <Avatar name={comment.by} size={22} />
            <div className="min-w-0 flex-1">
              <p className="flex items-baseline gap-2"><span className="font-medium">{comment.by}</span><Ago at={comment.at} className="text-meta text-text-3" /></p>
              <Markdown text={comment.body} className="text-text-2" />
            </div>
          </li>
        ))}
      </ul>
      {may && (
        <div className="mt-1 flex flex-col items-start gap-2">
          <TextArea rows={3} aria-label="Comment" placeholder="What an agent or a colleague should know" value={body} onChange={(event) => setBody(event.target.value)}
            onKeyDown={(event) => { if (event.key === "Enter" && (event.metaKey || event.ctrlKey)) go(); }} />
          <Button disabled={body.trim() === "" || send.isPending} onClick={go}>Add comment</Button>
          {send.error && <p role="alert" className="text-failed">{sayError(send.error)}</p>}
        </div>
      )}
    </Section>
  );
}
