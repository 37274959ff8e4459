import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { allowPerson, deliverAgain, getDeliveries, linkCode, newSecret } from "@/features/settings/api/trackers";
import { sayError } from "@/lib/http";
import { exactTime } from "@/lib/time";
import { Button } from "@/ui/button";
import { Reading } from "@/ui/failure";
import { Checkbox, Field, Input } from "@/ui/field";
import { Lines, Section } from "@/ui/section";
import { notify } from "@/ui/toast";
import type { TrackerView } from "@/wire/types";

/** Where Jira delivers to. Two secrets are good at once, so that one can be replaced without a gap. */
export function Hooks({ tracker }: { tracker: TrackerView }) {
  const reads = useQueryClient();
  const make = useMutation({ mutationFn: () => newSecret(tracker.id), onSuccess: () => reads.invalidateQueries({ queryKey: ["trackers"] }) });
  return (
    <Section title="Webhooks" level={3} aside={secretWords(tracker)}>
      <Field label="Address for a webhook in Jira"><Input readOnly className="mono" value={`${location.origin}${tracker.hookPath}`} onFocus={(event) => event.target.select()} /></Field>
      {make.data && <Field label="Its secret. It is shown once."><Input readOnly className="mono" value={make.data.word} onFocus={(event) => event.target.select()} /></Field>}
      {make.error && <p role="alert" className="text-failed">{sayError(make.error)}</p>}
      <div><Button disabled={make.isPending} onClick={() => make.mutate()}>Make a new secret</Button></div>
    </Section>
  );
}

/** Nothing is wrong with one secret: a second one is good only while the first is being replaced in Jira. */
function secretWords({ secrets, hooksUntil }: TrackerView): string {
  if (secrets === 0) return hooksUntil === null ? "no secret yet: make one, or polling alone brings news" : "";
  return secrets === 1 ? "ready: one secret" : "ready: two secrets, the older until you make the next";
}

/** The newest deliveries; one can be worked again as if it came now. */
export function Deliveries({ tracker }: { tracker: TrackerView }) {
  const reads = useQueryClient();
  const read = useQuery({ queryKey: ["deliveries", tracker.id], queryFn: () => getDeliveries(tracker.id), staleTime: 0, refetchInterval: 15_000 });
  const again = (id: string) =>
    void deliverAgain(tracker.id, id)
      .then(() => { notify({ text: "It is worked again." }); return reads.invalidateQueries({ queryKey: ["deliveries", tracker.id] }); })
      .catch((error: unknown) => notify({ text: sayError(error) }));
  return (
    <Section title="Deliveries" level={3}>
      <Reading read={read} what="The deliveries could not be read.">
        {(list) => (list.length === 0 ? <p className="text-text-2">None has come yet.</p> : (
          <Lines label="Deliveries">
            {list.map((one) => (
              <li key={one.id} className="flex min-h-9 items-center gap-3 py-1 max-tablet:flex-wrap">
                <span className="num shrink-0 text-meta text-text-2">{exactTime(one.at)}</span>
                <span className="mono shrink-0">{one.issue}</span>
                <span className="min-w-0 flex-1 truncate text-text-2">{[one.event, one.why].filter(Boolean).join(": ")}</span>
                <span className={one.state === "failed" ? "shrink-0 text-failed" : "shrink-0 text-text-3"}>{one.state}</span>
                <Button size="small" look="ghost" aria-label={`Deliver ${one.issue || "it"} again`} onClick={() => again(one.id)}>Again</Button>
              </li>
            ))}
          </Lines>
        ))}
      </Reading>
    </Section>
  );
}

/** Who may start and steer runs from Jira: who is linked to a supervisor here, and who is allowed by name. */
export function Accounts({ tracker }: { tracker: TrackerView }) {
  const reads = useQueryClient();
  const link = useMutation({ mutationFn: () => linkCode(tracker.id) });
  const allow = useMutation({
    mutationFn: ({ id, on }: { id: string; on: boolean }) => allowPerson(tracker.id, id, on),
    onSuccess: () => reads.invalidateQueries({ queryKey: ["trackers"] }), onError: (error) => notify({ text: sayError(error) }),
  });
  return (
    <Section title="People in Jira" level={3}>
      {tracker.people.length > 0 && (
        <Lines label="People in Jira">
          {tracker.people.map((one) => (
            <li key={one.id} className="flex min-h-9 items-center gap-3 py-1">
              <span className="min-w-0 flex-1 truncate">{one.name || one.account} <span className="text-text-3">{one.person ? `is ${one.person}` : "not linked"}</span></span>
              <Checkbox checked={one.allowed} onChange={(on) => allow.mutate({ id: one.id, on })} label={`${one.name || one.account} may start runs`} /><span aria-hidden className="text-meta text-text-2">may start runs</span>
            </li>
          ))}
        </Lines>
      )}
      {link.data && <Field label="Write this into a comment of a watched ticket within half an hour. It is shown once."><Input readOnly className="mono" value={link.data.word} onFocus={(event) => event.target.select()} /></Field>}
      {link.error && <p role="alert" className="text-failed">{sayError(link.error)}</p>}
      <div><Button disabled={link.isPending} onClick={() => link.mutate()}>Link my account</Button></div>
    </Section>
  );
}
