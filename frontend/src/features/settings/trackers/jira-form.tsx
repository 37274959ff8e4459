import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changeTracker, connectTracker } from "@/features/settings/api/trackers";
import { sayError } from "@/lib/http";
import { Button } from "@/ui/button";
import { Field, Input, Select } from "@/ui/field";
import type { TrackerView } from "@/wire/types";

type Way = "token" | "client" | "datacenter";

const wayOf = (tracker: TrackerView | undefined): Way => (tracker?.flavour === "datacenter" ? "datacenter" : tracker?.clientId ? "client" : "token");

/** A Jira with its key. Saving is explicit: there is a secret in it. */
export function JiraForm({ tracker, onDone }: { tracker?: TrackerView; onDone: () => void }) {
  const [form, setForm] = useState({ name: tracker?.name ?? "Jira", way: wayOf(tracker), baseUrl: tracker?.baseUrl ?? "", email: tracker?.email ?? "", token: "", clientId: tracker?.clientId ?? "", clientSecret: "" });
  const set = (part: Partial<typeof form>) => setForm({ ...form, ...part });
  const reads = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      const { way, name, baseUrl, email, token, clientId, clientSecret } = form;
      if (tracker) return changeTracker(tracker.id, way === "client" ? { name, clientId, ...(clientSecret ? { clientSecret } : {}) } : { name, baseUrl, email, ...(token ? { token } : {}) });
      return connectTracker(way === "client" ? { name, flavour: "cloud", clientId, clientSecret } : { name, flavour: way === "token" ? "cloud" : way, baseUrl, email, token });
    },
    onSuccess: async () => {
      await reads.invalidateQueries({ queryKey: ["trackers"] });
      onDone();
    },
  });
  const client = form.way === "client";
  const key = client ? form.clientId.trim() === "" || (!tracker && form.clientSecret === "") : form.baseUrl.trim() === "" || (!tracker && form.token === "") || (form.way === "token" && !form.email.includes("@"));
  const moved = tracker !== undefined && !client && form.baseUrl.trim().replace(/\/+$/, "") !== tracker.baseUrl;
  const lacks = form.name.trim() === "" || key;
  return (
    <form className="flex flex-col gap-4 py-2" onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
      <div className="grid grid-cols-2 gap-4 max-tablet:grid-cols-1">
        <Field label="Name"><Input value={form.name} onChange={(event) => set({ name: event.target.value })} /></Field>
        <Field label="Kind"><Select disabled={tracker !== undefined} value={form.way} onChange={(event) => set({ way: event.target.value as Way })}><option value="token">Jira Cloud, by a token</option><option value="client">Jira Cloud, by signing in (OAuth 2.0)</option><option value="datacenter">Jira Data Center</option></Select></Field>
        {client && <Field label="Client id" hint={`Its callback is ${location.origin}/connect/jira`}><Input className="mono" spellCheck={false} value={form.clientId} onChange={(event) => set({ clientId: event.target.value })} /></Field>}
        {client && <Field label="Client secret" hint={tracker ? "Empty: the stored secret stays" : "It also signs the webhooks that we register"}><Input type="password" autoComplete="off" value={form.clientSecret} onChange={(event) => set({ clientSecret: event.target.value })} /></Field>}
        {!client && <Field label="Address"><Input className="mono" spellCheck={false} placeholder="https://example.atlassian.net" value={form.baseUrl} onChange={(event) => set({ baseUrl: event.target.value })} /></Field>}
        {form.way === "token" && <Field label="Mail address of the token's account"><Input type="email" value={form.email} onChange={(event) => set({ email: event.target.value })} /></Field>}
        {!client && <Field label={form.way === "token" ? "API token" : "Personal access token"} hint={moved ? "Enter it again: another host gets no token of this one" : tracker?.hasToken ? "Empty: the stored token stays" : "Of an account of the agents' own: what it does starts nothing"}><Input type="password" autoComplete="off" value={form.token} onChange={(event) => set({ token: event.target.value })} /></Field>}
      </div>
      {save.error && <p role="alert" className="text-failed">{sayError(save.error)}</p>}
      <div className="flex gap-2">
        <Button look="primary" type="submit" disabled={lacks || save.isPending}>{tracker ? "Save" : "Connect"}</Button>
        <Button look="ghost" onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}
