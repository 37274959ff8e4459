import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { open, toAssign } from "@/app/overlays";
import { mayDecide, useMe } from "@/app/session";
import { getFleet } from "@/features/fleet/api/fleet";
import { free } from "@/features/fleet/free";
import { getConnections } from "@/features/settings/api/connections";
import { assignTickets } from "@/features/tickets/api/assign";
import { useTickets } from "@/features/tickets/use-tickets";
import { sayError } from "@/lib/http";
import { reveal } from "@/lib/invisible";
import { newKey } from "@/lib/key";
import { amountText, microOf, money, plural } from "@/lib/money";
import { useProjects } from "@/live/hooks";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Reading } from "@/ui/failure";
import { Checkbox, Field, Input, Select, TextArea } from "@/ui/field";
import { notify } from "@/ui/toast";
import { heldBy } from "@/features/tickets/held";
import { Fitness, Note } from "@/features/tickets/rows";
import type { AssignBody, Project, Receipt, TicketView } from "@/wire/types";

interface Dials { cap: string; plan: "" | "ask" | "auto"; model: string; words: string }

/** Pick tickets, see whether each is ready, set the dials once, start them. The platform answers for each. */
export function Assign() {
  const [picked, setPicked] = useState<ReadonlySet<string>>(() => new Set(toAssign.get()));
  const [dials, setDials] = useState<Dials>({ cap: "", plan: "", model: "", words: "" });
  const who = useMe();
  const read = useTickets();
  const projects = useProjects();
  const waiting = (read.data ?? []).filter((ticket) => ticket.openRun === null && ticket.status !== "done" && mayDecide(who, ticket.project));
  const chosen = waiting.filter((ticket) => picked.has(ticket.id));
  const unready = chosen.filter((ticket) => !ticket.readiness.ready);
  const usual = projects.find((project) => project.id === (chosen[0] ?? waiting[0])?.project)?.capMicro ?? 0;
  const cap = dials.cap === "" ? null : microOf(dials.cap);
  const start = useStart(chosen, dials, unready.length > 0, cap ?? null);
  const list = useFirstTicket(read.data !== undefined);
  const close = () => open.set(null);
  const flip = (id: string) => setPicked((before) => { const next = new Set(before); if (!next.delete(id)) next.add(id); return next; });
  return (
    <Dialog open side late onClose={close} title="Start runs" note="Ready means: it says what should be different when it is done, nothing in it is still to be decided, and the repository is known."
      footer={<>
        <span className="num mr-auto text-meta text-text-2"><Most chosen={chosen} cap={cap ?? null} projects={projects} /></span>
        <Button look="ghost" onClick={close}>Cancel</Button>
        <Button look="primary" disabled={chosen.length === 0 || start.isPending || cap === undefined} onClick={() => start.mutate()}>
          {startWord(chosen.length, unready.length > 0)}
        </Button>
      </>}>
      <Reading read={read} what="The tickets could not be read.">
        {() => (waiting.length === 0
          ? <p className="text-text-2">No open ticket waits for an agent in a project that you supervise. Write one with N.</p>
          : <ul ref={list} className="divide-y divide-line" aria-label="Tickets">{waiting.map((ticket) => <TicketRow key={ticket.id} ticket={ticket} on={picked.has(ticket.id)} onFlip={() => flip(ticket.id)} />)}</ul>)}
      </Reading>
      <DialFields dials={dials} usual={usual} currency={inCurrency(chosen.length > 0 ? chosen : waiting.slice(0, 1), projects)} onChange={setDials} />
      {start.error && <p role="alert" className="mt-3 text-failed">{sayError(start.error)}</p>}
    </Dialog>
  );
}

/** Nothing is picked yet: the button says what to do first. */
const startWord = (count: number, unready: boolean): string => (count === 0 ? "Pick a ticket" : `Start ${plural(count, "run")}${unready ? " all the same" : ""}`);

/** The keyboard begins at the tickets: at the first that is picked, else at the first. */
function useFirstTicket(ready: boolean) {
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    const at = document.activeElement;
    // Whoever has begun to type stays where they are.
    if (ready && !(at instanceof HTMLInputElement || at instanceof HTMLTextAreaElement)) (list.current?.querySelector<HTMLElement>("[data-state=checked]") ?? list.current?.querySelector<HTMLElement>("[role=checkbox]"))?.focus();
  }, [ready]);
  return list;
}

function useStart(chosen: readonly TicketView[], dials: Dials, force: boolean, capMicro: number | null) {
  const [key] = useState(newKey);
  const reads = useQueryClient();
  const body: AssignBody = {
    key, tickets: chosen.map((ticket) => ticket.id), force, capMicro, planDial: dials.plan === "" ? null : dials.plan, model: dials.model, words: dials.words.trim(),
  };
  return useMutation({
    mutationFn: () => assignTickets(body),
    onSuccess: (receipt) => {
      open.set(null);
      tell(receipt);
      void reads.invalidateQueries({ queryKey: ["tickets"] });
      void reads.invalidateQueries({ queryKey: ["fleet"] });
    },
  });
}

function tell(receipt: Receipt): void {
  const lines = receipt.lines.map((line) => ({ run: line.run || line.ticketKey, label: line.ticketKey, fate: line.fate, why: line.why }));
  const started = lines.filter((line) => line.fate !== "rejected").length;
  // Where all of them stand in the queue there is nothing to read for each: the board shows them.
  notify(started === lines.length ? { text: `${plural(started, "run")} queued: each begins when a place is free` } : { text: `Queued ${started} of ${plural(lines.length, "run")}`, lines });
}

/** The most it can cost, where every chosen project has a cap or one was typed; and how many can start now. */
function Most({ chosen, cap, projects }: { chosen: readonly TicketView[]; cap: number | null; projects: readonly Project[] }) {
  const fleet = useQuery({ queryKey: ["fleet"], queryFn: getFleet });
  const caps = chosen.map((ticket) => cap ?? projects.find((project) => project.id === ticket.project)?.capMicro ?? 0);
  const currency = projects.find((project) => project.id === chosen[0]?.project)?.currency;
  const most = chosen.length === 0 || caps.includes(0) ? "" : `At most ${money(caps.reduce((sum, one) => sum + one, 0), currency)}`;
  return <>{[most, fleet.data ? `${free(fleet.data)} of ${plural(fleet.data.places.all, "place")} free` : ""].filter(Boolean).join(", ")}</>;
}

/** The money's name where all of these projects count in one; a cap is typed once for all. */
function inCurrency(tickets: readonly TicketView[], projects: readonly Project[]): string {
  const [one, ...others] = new Set(tickets.map((ticket) => projects.find((project) => project.id === ticket.project)?.currency).filter((word) => word !== undefined));
  if (one === undefined) return "";
  return others.length === 0 ? `, in ${one}` : ", in each project's currency";
}

function DialFields({ dials, usual, currency, onChange }: { dials: Dials; usual: number; currency: string; onChange: (dials: Dials) => void }) {
  const connections = useQuery({ queryKey: ["connections"], queryFn: getConnections });
  const models = (connections.data ?? []).flatMap((one) => one.models.map((model) => ({ value: `${one.id}/${model.name}`, label: `${model.name}, ${one.name}` })));
  const bad = dials.cap !== "" && microOf(dials.cap) === undefined;
  return (
    <div className="mt-5 grid grid-cols-2 gap-4 max-tablet:grid-cols-1">
      <Field label="Plan gate">
        <Select value={dials.plan} onChange={(event) => onChange({ ...dials, plan: event.target.value as Dials["plan"] })}>
          <option value="">As the project says</option><option value="ask">Ask me before it works</option><option value="auto">Go on without asking</option>
        </Select>
      </Field>
      <Field label="Model">
        <Select value={dials.model} onChange={(event) => onChange({ ...dials, model: event.target.value })}>
          <option value="">As the project routes</option>{models.map((one) => <option key={one.value} value={one.value}>{one.label}</option>)}
        </Select>
      </Field>
      <Field label={`Cap for each run${currency}`} hint={bad ? "An amount such as 5.00" : "Empty: the project's. At the cap it asks; it is not killed."}>
        <Input inputMode="decimal" placeholder={amountText(usual)} value={dials.cap} aria-invalid={bad} onChange={(event) => onChange({ ...dials, cap: event.target.value })} />
      </Field>
      <div className="col-span-full"><Field label="Words for the agent"><TextArea rows={2} value={dials.words} placeholder="Nothing beyond the ticket" onChange={(event) => onChange({ ...dials, words: event.target.value })} /></Field></div>
    </div>
  );
}

function TicketRow({ ticket, on, onFlip }: { ticket: TicketView; on: boolean; onFlip: () => void }) {
  return (
    <li className="flex gap-3 py-2.5">
      <Checkbox checked={on} onChange={onFlip} label={`Pick ${ticket.key}`} className="mt-0.5" />
      <div className="min-w-0 flex-1 cursor-pointer" onClick={onFlip}>
        <p className="flex items-baseline gap-2"><span className="mono shrink-0 text-text-2">{ticket.key}</span><span className="min-w-0 truncate font-medium">{reveal(ticket.title)}</span></p>
        {ticket.readiness.ready && <p className="text-meta text-text-3">{[ticket.kind, ticket.priority, ...ticket.labels].map(reveal).join(" · ")}</p>}
        {heldBy(ticket).map((words) => <p key={words} className="text-meta text-needs">{reveal(words)}</p>)}
        {ticket.readiness.note && on && <Note text={ticket.readiness.note} />}
        {ticket.readiness.note && !on && <p className="text-meta text-needs">Not known to the rehearsal model</p>}
      </div>
      <Fitness ticket={ticket} />
    </li>
  );
}
