import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { getAudit } from "@/features/settings/api/audit";
import { exactTime } from "@/lib/time";
import { useProjects, useRun } from "@/live/hooks";
import { Reading } from "@/ui/failure";
import { Field, Select } from "@/ui/field";

/** A run is named by its ticket where that is known, and is one press away. */
function Subject({ subject }: { subject: string }) {
  const id = subject.startsWith("run:") ? subject.slice(4) : "";
  const run = useRun(id);
  if (!run) return <>{subject}</>;
  return <Link to="/runs/$id" params={{ id }} title={subject} className="text-accent-text hover:underline">{run.ticket.key}</Link>;
}

/** Who did what, and when: absolute times, newest first. */
export function Audit() {
  const projects = useProjects();
  const [project, setProject] = useState("");
  const read = useQuery({ queryKey: ["audit", project], queryFn: () => getAudit(project), staleTime: 0 });
  return (
    <div className="flex flex-col gap-4">
      <Field label="Project"><Select className="w-64" value={project} onChange={(event) => setProject(event.target.value)}><option value="">All that you may see</option>{projects.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</Select></Field>
      <Reading read={read} what="The audit could not be read.">
        {(lines) => (lines.length === 0 ? <p className="text-text-2">Nothing has been written down yet.</p> : (
          <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Audit lines">
            <table className="w-full min-w-[640px] text-left">
              <thead className="label"><tr>{["When", "Who", "What", "Of what", "Detail"].map((name) => <th key={name} className="py-1.5 pr-4 font-medium">{name}</th>)}</tr></thead>
              <tbody className="divide-y divide-line">
                {lines.map((line) => (
                  <tr key={line.id} className="h-8 align-top">
                    <td className="num whitespace-nowrap py-1.5 pr-4 text-meta text-text-2">{exactTime(line.at)}</td>
                    <td className="py-1.5 pr-4">{line.actor}</td>
                    <td className="py-1.5 pr-4 font-medium">{line.what}</td>
                    <td className="mono break-all py-1.5 pr-4 text-text-2"><Subject subject={line.subject} /></td>
                    <td className="break-words py-1.5 text-text-2">{line.detail}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        ))}
      </Reading>
    </div>
  );
}
