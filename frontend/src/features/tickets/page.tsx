import { getRouteApi } from "@tanstack/react-router";
import { Plus, Search, SquareCheckBig } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { PageHead } from "@/app/page-head";
import { useKeys } from "@/app/keys";
import { assign, open } from "@/app/overlays";
import { mayDecide, useMe } from "@/app/session";
import { TicketDetail } from "@/features/tickets/detail";
import { TicketRows } from "@/features/tickets/rows";
import { useTickets } from "@/features/tickets/use-tickets";
import { cx } from "@/lib/cx";
import { plural } from "@/lib/money";
import { useProjects } from "@/live/hooks";
import { Button } from "@/ui/button";
import { Empty } from "@/ui/empty";
import { Reading } from "@/ui/failure";
import { Input, Select } from "@/ui/field";
import type { TicketView } from "@/wire/types";

const route = getRouteApi("/shell/tickets");

/** What could be given to an agent: readiness in words, and one ticket to read and mend beside the list. */
export function TicketsPage() {
  const search = route.useSearch();
  const go = route.useNavigate();
  const who = useMe();
  const projects = useProjects();
  const read = useTickets(search.project, search.q);
  const ready = read.data?.filter((ticket) => ticket.readiness.ready && ticket.openRun === null) ?? [];
  const set = (part: Partial<typeof search>) => void go({ search: (old) => clean({ ...old, ...part }), replace: true });
  const may = projects.some((project) => mayDecide(who, project.id));
  return (
    <div className="flex h-full flex-col">
      {search.ticket && <h1 className="sr-only tablet:hidden">Tickets</h1>}
      <div className={cx(search.ticket && "max-tablet:hidden")}>
        <PageHead title="Tickets" fact={read.data && `${plural(read.data.length, "ticket")}, ${ready.length} ready for an agent`}>
          <Button icon={<Plus size={14} />} keys="n" disabled={!may} onClick={() => open.set("ticket")}>New ticket</Button>
          <Button look="primary" keys="c" disabled={!may} onClick={() => assign(search.ticket ? [search.ticket] : [])}>Start a run</Button>
        </PageHead>
        <div role="search" aria-label="Filter tickets" className="flex flex-wrap items-center gap-2 px-5 pb-3 max-tablet:px-4">
          <SearchBox value={search.q ?? ""} onChange={(q) => set({ q })} />
          <Select aria-label="Project" value={search.project ?? ""} onChange={(event) => set({ project: event.target.value })}>
            <option value="">All projects</option>
            {projects.map((project) => <option key={project.id} value={project.id}>{project.name}</option>)}
          </Select>
        </div>
      </div>
      <div className="hairline-t flex min-h-0 flex-1">
        <Reading read={read} what="The tickets could not be read.">
          {(tickets) => (tickets.length === 0
            ? <NoTickets filtered={Boolean(search.q ?? search.project)} />
            : <Panes tickets={tickets} at={search.ticket} onPick={(ticket) => set({ ticket })} />)}
        </Reading>
      </div>
    </div>
  );
}

function Panes({ tickets, at, onPick }: { tickets: readonly TicketView[]; at: string | undefined; onPick: (id: string) => void }) {
  const index = Math.max(0, tickets.findIndex((ticket) => ticket.id === at));
  const current = tickets[index];
  const move = (step: number) => () => { const next = tickets[index + step]; if (next) onPick(next.id); };
  useKeys([
    { keys: "j", does: "Next ticket", group: "Tickets", run: move(1) },
    { keys: "k", does: "Previous ticket", group: "Tickets", run: move(-1) },
  ]);
  return (
    <>
      <div className={cx("w-[46%] min-w-[340px] overflow-y-auto border-r border-line max-tablet:w-full max-tablet:border-0", at && "max-tablet:hidden")}>
        <TicketRows tickets={tickets} current={current?.id} onPick={onPick} />
      </div>
      <div className={cx("min-w-0 flex-1", !at && "max-tablet:hidden")}>
        {current && <TicketDetail key={current.id} ticket={current} onBack={() => onPick("")} />}
      </div>
    </>
  );
}

function NoTickets({ filtered }: { filtered: boolean }) {
  return (
    <div className="w-full">
      <Empty icon={<SquareCheckBig size={28} strokeWidth={1.5} />} title={filtered ? "No ticket by these words" : "No ticket yet"}>
        {filtered ? "Clear the search to see all of them." : "Write one with N. An agent needs a title, what should be different, and how to tell that it is."}
      </Empty>
    </div>
  );
}

function SearchBox({ value, onChange }: { value: string; onChange: (q: string) => void }) {
  const [text, setText] = useState(value);
  const box = useRef<HTMLInputElement>(null);
  useKeys([{ keys: "/", does: "Search in tickets", group: "Tickets", run: () => box.current?.focus() }]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), 250);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className="relative w-64 max-tablet:w-auto max-tablet:min-w-40 max-tablet:flex-1">
      <Search size={14} aria-hidden className="absolute left-2.5 top-1/2 -translate-y-1/2 text-text-3" />
      <Input ref={box} aria-label="Search tickets" placeholder="Key or words" className="pl-8" value={text} onChange={(event) => setText(event.target.value)} />
    </div>
  );
}

const clean = <T extends object>(search: T): T => Object.fromEntries(Object.entries(search).filter(([, value]) => value !== "" && value !== undefined)) as T;
