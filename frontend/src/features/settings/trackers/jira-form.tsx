import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changeTracker, connectTracker } from "@/features/settings/api/trackers";
import { sayError } from "@/lib/http";
import { Button } from "@/ui/button";
import { Field, Input, Select } from "@/ui/field";
import type { TrackerView } from "@/wire/types";

type Flavour = "cloud" | "datacenter";

/** A Jira with its key. Saving is explicit: there is a secret in it. */
export function JiraForm({ tracker, onDone }: { tracker?: TrackerView; onDone: () => void }) {
  const [form, setForm] = useState({ name: tracker?.name ?? "Jira", flavour: (tracker?.flavour ?? "cloud") as Flavour, baseUrl: tracker?.baseUrl ?? "", email: tracker?.email ?? "", token: "" });
  const set = (part: Partial<typeof form>) => setForm({ ...form, ...part });
  const reads = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      const { name, baseUrl, email, token } = form;
      return tracker ? changeTracker(tracker.id, { name, baseUrl, email, ...(token ? { token } : {}) }) : connectTracker(form);
    },
    onSuccess: async () => {
      await reads.invalidateQueries({ queryKey: ["trackers"] });
      onDone();
    },
  });
  const lacks = form.name.trim() === "" || form.baseUrl.trim() === "" || (!tracker && form.token === "") || (form.flavour === "cloud" && !form.email.includes("@"));
  return (
    <form className="flex flex-col gap-4 py-2" onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
      <div className="grid grid-cols-2 gap-4 max-tablet:grid-cols-1">
        <Field label="Name"><Input value={form.name} onChange={(event) => set({ name: event.target.value })} /></Field>
        <Field label="Kind"><Select disabled={tracker !== undefined} value={form.flavour} onChange={(event) => set({ flavour: event.target.value === "cloud" ? "cloud" : "datacenter" })}><option value="cloud">Jira Cloud</option><option value="datacenter">Jira Data Center</option></Select></Field>
        <Field label="Address"><Input className="mono" spellCheck={false} placeholder="https://example.atlassian.net" value={form.baseUrl} onChange={(event) => set({ baseUrl: event.target.value })} /></Field>
        {form.flavour === "cloud" && <Field label="Mail address of the token's account"><Input type="email" value={form.email} onChange={(event) => set({ email: event.target.value })} /></Field>}
        <Field label={form.flavour === "cloud" ? "API token" : "Personal access token"} hint={tracker?.hasToken ? "Empty: the stored token stays" : "Of an account of the agents' own: what it does starts nothing"}><Input type="password" autoComplete="off" value={form.token} onChange={(event) => set({ token: event.target.value })} /></Field>
      </div>
      {save.error && <p role="alert" className="text-failed">{sayError(save.error)}</p>}
      <div className="flex gap-2">
        <Button look="primary" type="submit" disabled={lacks || save.isPending}>{tracker ? "Save" : "Connect"}</Button>
        <Button look="ghost" onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}
