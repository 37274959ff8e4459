import { useMutation, useQueryClient } from "@tanstack/react-query";
import { chooseSite, signIn, signOut } from "@/features/settings/api/trackers";
import { sayError } from "@/lib/http";
import { exactTime } from "@/lib/time";
import { Button } from "@/ui/button";
import { Field, Select } from "@/ui/field";
import { Section } from "@/ui/section";
import type { TrackerView } from "@/wire/types";

/** A Jira Cloud that one signs in to: who agreed, which of its sites is meant, and how long its webhooks live. */
export function SignIn({ tracker }: { tracker: TrackerView }) {
  const reads = useQueryClient();
  const over = () => reads.invalidateQueries({ queryKey: ["trackers"] });
  const enter = useMutation({ mutationFn: () => signIn(tracker.id), onSuccess: ({ word }) => location.assign(word) });
  const leave = useMutation({ mutationFn: () => signOut(tracker.id), onSuccess: over });
  const choose = useMutation({ mutationFn: (site: string) => chooseSite(tracker.id, site), onSuccess: over });
  const error = enter.error ?? leave.error ?? choose.error;
  const hooks = tracker.hooksUntil === null ? "no webhooks are registered" : `webhooks until ${exactTime(tracker.hooksUntil)}, renewed before`;
  return (
    <Section title="Signing in" level={3} aside={tracker.signedIn ? hooks : "nobody signed in yet"}>
      {tracker.signedIn && (tracker.sites.length > 1 || tracker.site === "") && (
        <Field label="Site"><Select className="max-w-96" value={tracker.site} onChange={(event) => choose.mutate(event.target.value)}>
          {tracker.site === "" && <option value="">Choose the one that is meant</option>}
          {tracker.sites.map((one) => <option key={one.id} value={one.id}>{one.name} {one.url}</option>)}
        </Select></Field>
      )}
      {tracker.hooksNote && <p className="break-words text-needs">Webhooks: {tracker.hooksNote}</p>}
      {error && <p role="alert" className="text-failed">{sayError(error)}</p>}
      <div className="flex gap-2">
        <Button look={tracker.signedIn ? "ghost" : "primary"} disabled={enter.isPending} onClick={() => enter.mutate()}>{tracker.signedIn ? "Sign in again" : "Sign in at Atlassian"}</Button>
        {tracker.signedIn && <Button look="ghost" disabled={leave.isPending} onClick={() => leave.mutate()}>Sign out</Button>}
      </div>
    </Section>
  );
}
