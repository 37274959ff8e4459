import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import { useEffect, useRef, useState } from "react";
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
import { reveal } from "@/lib/invisible";
import { money, plural } from "@/lib/money";
import { Button } from "@/ui/button";
import { Reading } from "@/ui/failure";
import type { ProjectView } from "@/wire/types";

/** A project each: where its code is, how much may happen before a person is asked, what it may cost. */
export function Projects({ wanted }: { wanted: string | undefined }) {
  const who = useMe();
  const read = useQuery({ queryKey: ["projects"], queryFn: getProjects });
  const [adding, setAdding] = useState(false);
  return (
    <Reading read={read} what="The projects could not be read.">
      {(projects) => (
        <div className="flex flex-col gap-12">
          {projects.length === 0 && <p className="text-text-2">No project yet. A project is a repository and the tickets that go with it.</p>}
          {wanted !== undefined && !projects.some((project) => isCalled(project, wanted)) && <NoProject wanted={wanted} projects={projects} />}
          {projects.map((project) => <ProjectPart key={project.id} project={project} may={mayAdmin(who, project.id)} here={wanted !== undefined && isCalled(project, wanted)} />)}
          {who.owner && (adding
            ? <NewProject onDone={() => setAdding(false)} />
            : <div><Button icon={<Plus size={14} />} onClick={() => setAdding(true)}>Add project</Button></div>)}
        </div>
      )}
    </Reading>
  );
}

/** By its key or its id, as an address names it. */
const isCalled = ({ id, key }: ProjectView, word: string): boolean => id === word || key.toLowerCase() === word.toLowerCase();

/** An address that names no project: which there are, and why one may be missing. */
function NoProject({ wanted, projects }: { wanted: string; projects: readonly ProjectView[] }) {
  return (
    <div role="status" className="flex flex-col gap-1">
      <p className="font-medium">No project {reveal(wanted)}</p>
      <p className="prose-measure text-text-2">
        {projects.length > 0 && <>Yours are {projects.map((project, i) => <span key={project.id}>{i > 0 && ", "}<Link to="/settings" search={{ part: "Projects", project: project.key }} className="mono text-accent-text underline">{project.key}</Link></span>)}. </>}
        It may be written otherwise, or belong to people who have not added you: ask the owner.
      </p>
    </div>
  );
}

function ProjectPart({ project, may, here }: { project: ProjectView; may: boolean; here: boolean }) {
  const top = useRef<HTMLElement>(null);
  useEffect(() => { if (here) top.current?.scrollIntoView({ block: "start" }); }, [here]);
  const connections = useQuery({ queryKey: ["connections"], queryFn: getConnections });
  return (
    <section ref={top} aria-label={project.name} className="flex flex-col gap-6">
      <header className="flex flex-wrap items-baseline gap-x-3">
        <h2 className="text-title font-semibold">{project.name}</h2>
        <span className="mono text-text-2">{project.key}</span>
        <span className="num text-meta text-text-3">{plural(project.openRuns, "open run")}, {money(project.spentTodayMicro, project.currency)} today</span>
        <span className="text-meta text-text-3">{may ? "A change is taken when you leave its box, and can be undone. Only a secret has a Save." : "Changing it needs the admin's right."}</span>
      </header>
      <RepositoryForm project={project} may={may} />
      <RepositoryLogin project={project} may={may} />
      <Dials project={project} may={may} />
      <LimitFields project={project} may={may} />
      <QueueFields project={project} may={may} />
      <PlaceForm project={project} may={may} />
      <Routes project={project} may={may} connections={connections.data ?? []} />
    </section>
  );
}
