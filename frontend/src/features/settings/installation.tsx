import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { changeSite, getEffects, getSite, giveUp, tryAgain } from "@/features/settings/api/site";
import { effectWords } from "@/features/settings/effect-words";
import { sayError } from "@/lib/http";
import { amountText, microOf, money, plural } from "@/lib/money";
import { Button } from "@/ui/button";
import { Chip } from "@/ui/chip";
import { Ago } from "@/ui/clock";
import { Dialog } from "@/ui/dialog";
import { Reading } from "@/ui/failure";
import { Field, Input } from "@/ui/field";
import { Lines, Section } from "@/ui/section";
import { notify } from "@/ui/toast";
import type { Effect, SitePatch, SiteView } from "@/wire/types";

/** What is everybody's: room and money in all, and what waits to be done outside. The owner's alone. */
export function Installation() {
  const site = useQuery({ queryKey: ["site"], queryFn: getSite });
  const effects = useQuery({ queryKey: ["effects"], queryFn: getEffects, refetchInterval: 5000 });
  return (
    <div className="flex flex-col gap-10">
      <Reading read={site} what="The installation's settings could not be read." lines={2}>{(data) => <SiteFields site={data} />}</Reading>
      <Section title="Outgoing updates" aside="comments, links and moves for trackers and forges; the outbox">
        <Reading read={effects} what="The outgoing updates could not be read." lines={3}>
          {(list) => (list.length === 0 ? <p className="text-text-2">Everything is sent.</p> : <Lines label="Outgoing updates">{list.map((one) => <EffectRow key={one.id} effect={one} />)}</Lines>)}
        </Reading>
      </Section>
    </div>
  );
}

function SiteFields({ site }: { site: SiteView }) {
  const reads = useQueryClient();
  const [places, setPlaces] = useState(String(site.places));
  const [daily, setDaily] = useState(site.dailyMicro ? amountText(site.dailyMicro) : "");
  const put = async (patch: SitePatch, text: string) => {
    try {
      reads.setQueryData(["site"], await changeSite(patch));
      notify({ text });
    } catch (error) {
      notify({ text: sayError(error), failed: true });
    }
  };
  const takePlaces = () => {
    const next = Number(places);
    if (places.trim() === "" || !Number.isInteger(next) || next < 0 || next === site.places) return setPlaces(String(site.places));
    void put({ places: next }, `${plural(next, "place")} in all`);
  };
  const takeDaily = () => {
    const next = daily.trim() === "" ? 0 : microOf(daily);
    if (next === undefined || next === site.dailyMicro) return setDaily(site.dailyMicro ? amountText(site.dailyMicro) : "");
    void put({ dailyMicro: next }, next === 0 ? "No budget for a day in all" : `Budget for a day in all: ${money(next)}`);
  };
  return (
    <Section title="Room and money in all" aside={<span className="num">{site.used} of {plural(site.places, "place")} in use, {money(site.spentTodayMicro)} today</span>}>
      <div className="grid grid-cols-4 gap-4 max-desk:grid-cols-2 max-tablet:grid-cols-1">
        <Field label="Places in all" hint="Agents that work at the same time, of all projects"><Input inputMode="numeric" value={places} onChange={(event) => setPlaces(event.target.value)} onBlur={takePlaces} /></Field>
        <Field label="Budget for a day, in USD" hint="Of all projects; when it is spent nothing else starts until 00:00 UTC. Empty: no limit"><Input inputMode="decimal" value={daily} onChange={(event) => setDaily(event.target.value)} onBlur={takeDaily} /></Field>
      </div>
    </Section>
  );
}

function EffectRow({ effect }: { effect: Effect }) {
  const [asking, setAsking] = useState(false);
  const reads = useQueryClient();
  const after = { onSuccess: () => reads.invalidateQueries({ queryKey: ["effects"] }) };
  const again = useMutation({ mutationFn: () => tryAgain(effect.id), ...after });
  const drop = useMutation({ mutationFn: () => giveUp(effect.id), ...after });
  const error = again.error ?? drop.error;
  const words = effectWords(effect);
  return (
    <li className="flex flex-wrap items-center gap-x-4 gap-y-2 py-3">
      <span className="min-w-0 flex-1 basis-80">
        <span className="flex items-center gap-2 font-medium">{words}{effect.state === "stuck" && <Chip tone="broken">stuck</Chip>}</span>
        {effect.why && <span className="block break-words text-text-2">{effect.why}</span>}
        <span className="num block text-meta text-text-3">
          <Ago at={effect.since} />, {plural(effect.tries, "try", "tries")}{effect.behind > 0 && `; ${plural(effect.behind, "thing")} behind it ${effect.behind === 1 ? "waits" : "wait"}`}
        </span>
        {error && <span role="alert" className="block text-failed">{sayError(error)}</span>}
      </span>
      {effect.state === "stuck" && (
        <span className="flex gap-2">
          <Button disabled={again.isPending || drop.isPending} onClick={() => again.mutate()}>Try again</Button>
          <Button look="danger" disabled={again.isPending || drop.isPending} onClick={() => setAsking(true)}>Give up</Button>
        </span>
      )}
      <Dialog open={asking} onClose={() => setAsking(false)} title={`Give this up: ${words.toLowerCase()}?`} note="It is not done any more; what waits behind it goes on."
        footer={<><Button look="ghost" onClick={() => setAsking(false)}>Keep it</Button><Button look="danger" onClick={() => { setAsking(false); drop.mutate(); }}>Give it up</Button></>}>
        <p className="text-text-2">{effect.why}</p>
      </Dialog>
    </li>
  );
}
