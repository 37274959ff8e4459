import { Link } from "@tanstack/react-router";
import { CircleCheck } from "lucide-react";
import { useTickets } from "@/features/tickets/use-tickets";
import { plural } from "@/lib/money";
import { useProjects } from "@/live/hooks";
import { Reading } from "@/ui/failure";
import { Lines } from "@/ui/section";

/** The board that every project has: there is nothing to connect, so it only says what it holds. */
export function BoardTracker() {
  const projects = useProjects();
  const read = useTickets();
  return (
    <Reading read={read} what="The tickets could not be read.">
      {(tickets) => {
        const words = (project: string): string => {
          const its = tickets.filter((ticket) => ticket.project === project);
          const own = its.filter((ticket) => ticket.editable).length;
          return own === its.length ? plural(own, "ticket") : `${own === 0 ? "none" : plural(own, "ticket")} here, ${plural(its.length - own, "ticket")} from another tracker`;
        };
        return (
          <Lines label="Projects on the board">
            {projects.map((project) => (
              <li key={project.id} className="flex min-h-11 items-center gap-3 py-1.5">
                <CircleCheck size={14} className="shrink-0 text-done" aria-label="connected" />
                <span className="min-w-0 flex-1 truncate"><span className="font-medium">{project.name}</span> <span className="mono text-text-2">{project.key}</span></span>
                <Link to="/tickets" search={{ project: project.id }} className="num shrink-0 text-meta text-accent-text hover:underline">{words(project.id)}</Link>
              </li>
            ))}
          </Lines>
        );
      }}
    </Reading>
  );
}
