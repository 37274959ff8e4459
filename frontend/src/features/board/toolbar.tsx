import { Search, X } from "lucide-react";
import { useEffect, useRef, useState } from "react";
import { useKeys } from "@/app/keys";
import { VIEWS, type Filter } from "@/features/board/filter";
import { cx } from "@/lib/cx";
import { useProjects, useRuns } from "@/live/hooks";
import { Button } from "@/ui/button";
import { Input, Select } from "@/ui/field";

interface Props { filter: Filter; onChange: (filter: Filter) => void; shown: number; total: number }

/** Search, project, person; then the saved views. Each is one word in the URL. */
export function Toolbar({ filter, onChange, shown, total }: Props) {
  const set = (part: Partial<Filter>) => onChange(clean({ ...filter, ...part }));
  const projects = useProjects();
  const owners = [...new Set(useRuns().map((run) => run.owner).filter(Boolean))].sort();
  const narrowed = Object.keys(filter).length > 0;
  return (
    <div role="search" aria-label="Filter runs" className="flex shrink-0 flex-wrap items-center gap-2 px-5 pb-3 max-tablet:px-4">
      <SearchBox value={filter.q ?? ""} onChange={(q) => set({ q })} />
      <Select aria-label="Project" className="max-tablet:max-w-[45%]" value={filter.project ?? ""} onChange={(event) => set({ project: event.target.value })}>
        <option value="">All projects</option>
        {projects.map((project) => <option key={project.id} value={project.id}>{project.name}</option>)}
      </Select>
      <Select aria-label="Person" className="max-tablet:hidden" value={filter.owner ?? ""} onChange={(event) => set({ owner: event.target.value })}>
        <option value="">Everyone</option>
        {owners.map((owner) => <option key={owner}>{owner}</option>)}
      </Select>
      <div className="flex items-center gap-1 overflow-x-auto max-tablet:w-full" role="group" aria-label="Saved views">
        {VIEWS.map((view) => (
          <button key={view.id} type="button" aria-pressed={filter.view === view.id} onClick={() => set({ view: filter.view === view.id ? "" : view.id })}
            className={cx("tap h-7 shrink-0 rounded-control px-2 text-meta", filter.view === view.id ? "bg-selected font-medium text-text" : "text-text-2 hover:bg-hover")}>
            {view.name}
          </button>
        ))}
      </div>
      {narrowed && shown > 0 && <Button look="ghost" size="small" icon={<X size={13} />} onClick={() => onChange({})}>Clear, {shown} of {total} shown</Button>}
    </div>
  );
}

/** Types at once into itself and, a moment later, into the URL: a keystroke never waits for a thousand cards. */
function SearchBox({ value, onChange }: { value: string; onChange: (q: string) => void }) {
  const [text, setText] = useState(value);
  const box = useRef<HTMLInputElement>(null);
  useKeys([{ keys: "/", does: "Search in runs", group: "Board and list", run: () => box.current?.focus() }]);
  // Cleared from elsewhere, it is empty here too.
  useEffect(() => { if (value === "") setText(""); }, [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => onChange(text), 120);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div className="relative w-64 max-tablet:w-auto max-tablet:min-w-40 max-tablet:flex-1">
      <Search size={14} aria-hidden className="absolute left-2.5 top-1/2 -translate-y-1/2 text-text-3" />
      <Input ref={box} aria-label="Search runs" placeholder="Ticket, words, branch" className="pl-8" value={text} onChange={(event) => setText(event.target.value)} />
    </div>
  );
}

function clean(filter: Filter): Filter {
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== "" && value !== undefined)) as Filter;
}
