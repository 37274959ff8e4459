import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { getAudit } from "@/features/settings/api/audit";
import { exactTime } from "@/lib/time";
import { useProjects } from "@/live/hooks";
import { Reading } from "@/ui/failure";
import { Field, Select } from "@/ui/field";
import { Segmented } from "@/ui/segmented";
import type { AuditLine } from "@/wire/types";

/** What it was done to, one press away where it has a page. */
function Subject({ line }: { line: AuditLine }) {
  const look = "text-accent-text underline";
  if (line.about === "run" && line.ref) return <Link to="/runs/$id" params={{ id: line.ref }} className={look}>{line.subject}</Link>;
  if (line.about === "ticket" && line.ref) return <Link to="/tickets" search={{ ticket: line.ref }} className={look}>{line.subject}</Link>;
  if (line.about === "project") return <Link to="/settings" search={{ part: "Projects" }} className={look}>{line.subject}</Link>;
  return <>{line.subject}</>;
}

/** Who did what, and when: absolute times, newest first. */
export function Audit() {
  const projects = useProjects();
  const [project, setProject] = useState("");
  const [who, setWho] = useState<"people" | "all">("people");
  const read = useQuery({ queryKey: ["audit", project, who], queryFn: () => getAudit(project, who === "people"), staleTime: 0 });
  return (
    <div className="flex flex-col gap-4">
      <div className="flex flex-wrap items-end gap-4">
      <Field label="Project"><Select className="w-64" value={project} onChange={(event) => setProject(event.target.value)}><option value="">All that you may see</option>{projects.map((one) => <option key={one.id} value={one.id}>{one.name}</option>)}</Select></Field>
      <Segmented label="Whose doings" value={who} onChange={setWho} options={[{ value: "people", label: "What people did" }, { value: "all", label: "Everything" }]} />
      </div>
      <Reading read={read} what="The audit could not be read.">
        {(lines) => (lines.length === 0 ? <p className="text-text-2">Nothing has been written down yet.</p> : (
          <div className="overflow-x-auto" tabIndex={0} role="region" aria-label="Audit lines">
            <table className="w-full text-left tablet:min-w-[640px]">
              <thead className="label max-tablet:sr-only"><tr>{["When", "Who did what", "Detail"].map((name) => <th key={name} className="py-1.5 pr-4 font-medium">{name}</th>)}</tr></thead>
              <tbody className="divide-y divide-line">
                {lines.map((line) => (
                  <tr key={line.id} className="align-top tablet:h-8 max-tablet:block max-tablet:py-2">
                    <td className="num whitespace-nowrap max-tablet:block max-tablet:py-0 py-1.5 pr-4 text-meta leading-5 text-text-2">{exactTime(line.at)}</td>
                    <td className="py-1.5 pr-4 max-tablet:block max-tablet:py-0"><span className="font-medium">{line.actor}</span> {line.what} <Subject line={line} /> {line.rest}</td>
                    <td className="break-words py-1.5 text-text-2 max-tablet:block max-tablet:py-0">{line.detail}</td>
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
