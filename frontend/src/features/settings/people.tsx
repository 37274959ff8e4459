import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check, Copy } from "lucide-react";
import { useState } from "react";
import { mayAdmin, useMe } from "@/app/session";
import { getPeople, invite } from "@/features/settings/api/people";
import { getProjects, removeMember, setRole as giveRole } from "@/features/settings/api/projects";
import { sayError } from "@/lib/http";
import { exactTime } from "@/lib/time";
import { Button } from "@/ui/button";
import { Reading } from "@/ui/failure";
import { Field, Input, Select } from "@/ui/field";
import { Avatar } from "@/ui/person";
import { Lines, Section } from "@/ui/section";
import { notify } from "@/ui/toast";
import type { Invitation, PersonView, ProjectView, Role } from "@/wire/types";

const ROLES: readonly { value: Role; label: string }[] = [
  { value: "viewer", label: "Viewer: reads everything" }, { value: "supervisor", label: "Supervisor: decides and merges" }, { value: "admin", label: "Admin: changes the project" },
];

/** Who may do what, by project. */
export function People() {
  const who = useMe();
  const people = useQuery({ queryKey: ["people"], queryFn: getPeople });
  const projects = useQuery({ queryKey: ["projects"], queryFn: getProjects });
  return (
    <div className="flex flex-col gap-8">
      <Reading read={people} what="The people could not be read.">
        {(list) => <Lines label="People">{list.map((one) => <PersonRow key={one.person.id} one={one} projects={projects.data ?? []} />)}</Lines>}
      </Reading>
      {who.owner && <Invite projects={projects.data ?? []} />}
    </div>
  );
}

function PersonRow({ one, projects }: { one: PersonView; projects: readonly ProjectView[] }) {
  return (
    <li className="flex items-start gap-4 py-3 max-tablet:flex-col">
      <span className="flex min-w-0 flex-1 items-center gap-3">
        <Avatar name={one.person.name} size={28} />
        <span className="min-w-0">
          <span className="block font-medium">{one.person.name}{one.owner && <span className="font-normal text-text-3"> owner</span>}</span>
          <span className="block truncate text-meta text-text-3">{one.invitedUntil !== null ? `invited, the link works until ${exactTime(one.invitedUntil)}` : one.active ? one.email : "may not sign in"}</span>
        </span>
      </span>
      <span className="flex flex-col gap-1.5">{projects.map((project) => <RoleSelect key={project.id} one={one} project={project} />)}</span>
    </li>
  );
}

function RoleSelect({ one, project }: { one: PersonView; project: ProjectView }) {
  const who = useMe();
  const reads = useQueryClient();
  const change = useMutation({
    mutationFn: async (role: string) => {
      const known = ROLES.find((each) => each.value === role);
      if (known) await giveRole(project.id, one.person.id, known.value);
      else await removeMember(project.id, one.person.id);
    },
    onSuccess: () => Promise.all([reads.invalidateQueries({ queryKey: ["people"] }), reads.invalidateQueries({ queryKey: ["projects"] })]),
    onError: (error) => notify({ text: sayError(error), failed: true }),
  });
  return (
    <label className="flex items-center gap-3 max-tablet:flex-wrap">
      <span className="w-32 truncate text-right text-meta text-text-2 max-tablet:text-left">{project.name}</span>
      <Select className="w-64 max-w-full" disabled={!mayAdmin(who, project.id) || change.isPending} value={one.roles[project.id] ?? ""} onChange={(event) => change.mutate(event.target.value)} aria-label={`Role of ${one.person.name} in ${project.name}`}>
        <option value="">{one.owner ? "As the owner: everything" : "Does not see it"}</option>
        {ROLES.map((role) => <option key={role.value} value={role.value}>{role.label}</option>)}
      </Select>
    </label>
  );
}

/** The address that works for whoever invites works for a guest too: the link carries it, not what a server calls itself. */
const linkOf = (made: Invitation): string => location.origin + new URL(made.link, location.origin).pathname;

function Invite({ projects }: { projects: readonly ProjectView[] }) {
  const [name, setName] = useState("");
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role | "">("viewer");
  const [where, setWhere] = useState("");
  const reads = useQueryClient();
  const ids = where === "" ? projects.map((project) => project.id) : [where];
  const roles = role === "" ? {} : Object.fromEntries(ids.map((id) => [id, role]));
  const send = useMutation({ mutationFn: () => invite({ name: name.trim(), email: email.trim(), roles }), onSuccess: () => reads.invalidateQueries({ queryKey: ["people"] }) });
  return (
    <Section title="Invite a person">
      <form className="flex flex-wrap items-end gap-3" onSubmit={(event) => { event.preventDefault(); send.mutate(); }}>
        <Field label="Name"><Input value={name} onChange={(event) => setName(event.target.value)} /></Field>
        <Field label="Mail address"><Input type="email" value={email} onChange={(event) => setEmail(event.target.value)} /></Field>
        <Field label="May do">
          <Select className="w-64 max-w-full" value={role} onChange={(event) => setRole(ROLES.find((one) => one.value === event.target.value)?.value ?? "")}>
            {ROLES.map((one) => <option key={one.value} value={one.value}>{one.label}</option>)}<option value="">Nothing yet</option>
          </Select>
        </Field>
        <Field label="In">
          <Select value={where} disabled={role === ""} onChange={(event) => setWhere(event.target.value)}>
            <option value="">every project</option>{projects.map((project) => <option key={project.id} value={project.id}>{project.name}</option>)}
          </Select>
        </Field>
        <Button type="submit" className="h-8" disabled={name.trim() === "" || !email.includes("@") || send.isPending}>Make a link</Button>
      </form>
      {send.error && <p role="alert" className="text-failed">{sayError(send.error)}</p>}
      {send.data && <LinkOnce link={linkOf(send.data)} />}
    </Section>
  );
}

function LinkOnce({ link }: { link: string }) {
  const [copied, setCopied] = useState(false);
  // Without https a browser may have no clipboard: then the field is there to copy from.
  const copy = () => void navigator.clipboard?.writeText(link).then(() => setCopied(true), () => undefined);
  return (
    <div className="flex items-end gap-2">
      <span className="min-w-0 flex-1"><Field label="Hand this link over. It is shown once and works once."><Input readOnly className="mono" value={link} onFocus={(event) => event.target.select()} /></Field></span>
      {"clipboard" in navigator && <Button className="h-8" icon={copied ? <Check size={14} /> : <Copy size={14} />} onClick={copy}>{copied ? "Copied" : "Copy link"}</Button>}
    </div>
  );
}
