import { useState } from "react";
import { changeProject } from "@/features/settings/api/projects";
import { sayError } from "@/lib/http";
import { useQueryClient } from "@tanstack/react-query";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { Section } from "@/ui/section";
import { notify } from "@/ui/toast";
import type { ProjectView } from "@/wire/types";

/** What opens the repository at its https origin. The secret goes one way: in. */
export function RepositoryLogin({ project, may }: { project: ProjectView; may: boolean }) {
  const [user, setUser] = useState(project.repositoryUser);
  const [secret, setSecret] = useState("");
  const reads = useQueryClient();
  const put = async (login: { user: string; secret: string }, text: string) => {
    try {
      const next = await changeProject(project.id, { login });
      reads.setQueryData<ProjectView[]>(["projects"], (all) => all?.map((one) => (one.id === next.id ? next : one)));
      setUser(next.repositoryUser);
      setSecret("");
      notify({ text });
    } catch (error) {
      notify({ text: sayError(error), failed: true });
    }
  };
  if (!project.repositorySettings.url.startsWith("https://")) return null;
  return (
    <Section title="Login at the repository" level={3} aside={project.repositoryHasSecret ? "a secret is stored" : "none is stored"}>
      <form className="grid grid-cols-2 gap-4 max-tablet:grid-cols-1" onSubmit={(event) => { event.preventDefault(); void put({ user, secret }, `Login at the repository of ${project.name} saved`); }}>
        <Field label="User" hint="A token often takes any name, like oauth2 or x-access-token"><Input className="mono" disabled={!may} autoComplete="off" spellCheck={false} value={user} onChange={(event) => setUser(event.target.value)} /></Field>
        <Field label="Password or token" hint={project.repositoryHasSecret ? "Stored and never shown; what is entered here replaces it" : "Stored encrypted, and never shown again"}><Input type="password" disabled={!may} autoComplete="new-password" value={secret} onChange={(event) => setSecret(event.target.value)} /></Field>
        <div className="col-span-full flex gap-2">
          <Button type="submit" disabled={!may || secret === ""}>Save login</Button>
          {project.repositoryHasSecret && <Button look="danger" disabled={!may} onClick={() => void put({ user: "", secret: "" }, `Login at the repository of ${project.name} taken away`)}>Take it away</Button>}
        </div>
      </form>
    </Section>
  );
}
