import { useQuery } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { mayAdmin, useMe } from "@/app/session";
import { getConnections } from "@/features/settings/api/connections";
import { getProjects } from "@/features/settings/api/projects";
import { Dials } from "@/features/settings/dials";
import { LimitFields } from "@/features/settings/limits";
import { NewProject } from "@/features/settings/new-project";
import { PlaceForm, QueueFields } from "@/features/settings/places";
import { RepositoryForm } from "@/features/settings/repository";
import { RepositoryLogin } from "@/features/settings/repository-login";
import { Routes } from "@/features/settings/routes";
import { money, plural } from "@/lib/money";
import { Button } from "@/ui/button";
import { Reading } from "@/ui/failure";
import type { ProjectView } from "@/wire/types";

/** A project each: where its code is, how much may happen before a person is asked, what it may cost. */
export function Projects() {
  const who = useMe();
  const read = useQuery({ queryKey: ["projects"], queryFn: getProjects });
  const [adding, setAdding] = useState(false);
  return (
    <Reading read={read} what="The projects could not be read.">
      {(projects) => (
        <div className="flex flex-col gap-12">
          {projects.length === 0 && <p className="text-text-2">No project yet. A project is a repository and the tickets that go with it.</p>}
          {projects.map((project) => <ProjectPart key={project.id} project={project} may={mayAdmin(who, project.id)} />)}
          {who.owner && (adding
            ? <NewProject onDone={() => setAdding(false)} />
            : <div><Button icon={<Plus size={14} />} onClick={() => setAdding(true)}>Add project</Button></div>)}
        </div>
      )}
    </Reading>
  );
}

function ProjectPart({ project, may }: { project: ProjectView; may: boolean }) {
  const connections = useQuery({ queryKey: ["connections"], queryFn: getConnections });
  return (
    <section aria-label={project.name} className="flex flex-col gap-6">
      <header className="flex flex-wrap items-baseline gap-x-3">
        <h2 className="text-title font-semibold">{project.name}</h2>
        <span className="mono text-text-2">{project.key}</span>
        <span className="num text-meta text-text-3">{plural(project.openRuns, "open run")}, {money(project.spentTodayMicro, project.currency)} today</span>
        {!may && <span className="text-meta text-text-3">Changing it needs the admin's right.</span>}
      </header>
      <RepositoryForm project={project} may={may} />
      <RepositoryLogin project={project} may={may} />
      <Dials project={project} may={may} />
      <LimitFields project={project} may={may} />
      <QueueFields key={`${project.weight} ${project.dailyMicro}`} project={project} may={may} />
      <PlaceForm key={JSON.stringify(project.place)} project={project} may={may} />
      <Routes project={project} may={may} connections={connections.data ?? []} />
    </section>
  );
}
