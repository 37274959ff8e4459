import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createToken, getTokens, revokeToken } from "@/features/settings/api/people";
import { sayError } from "@/lib/http";
import { exactTime } from "@/lib/time";
import { Button } from "@/ui/button";
import { Ago } from "@/ui/clock";
import { Dialog } from "@/ui/dialog";
import { Reading } from "@/ui/failure";
import { Field, Input, Select } from "@/ui/field";
import { Lines, Section } from "@/ui/section";
import type { TokenView } from "@/wire/types";

/** What the command line signs in with: it may do what you may do, and ends by itself. */
export function Tokens() {
  const read = useQuery({ queryKey: ["tokens"], queryFn: getTokens });
  return (
    <div className="flex flex-col gap-8">
      <Reading read={read} what="The tokens could not be read." lines={3}>
        {(list) => (list.length === 0 ? <p className="text-text-2">No token yet. The command line needs one; the dashboard does not.</p> : <Lines label="Tokens">{list.map((token) => <TokenRow key={token.id} token={token} />)}</Lines>)}
      </Reading>
      <NewToken />
    </div>
  );
}

function TokenRow({ token }: { token: TokenView }) {
  const [asking, setAsking] = useState(false);
  const reads = useQueryClient();
  const revoke = useMutation({ mutationFn: () => revokeToken(token.id), onSuccess: () => reads.invalidateQueries({ queryKey: ["tokens"] }) });
  return (
    <li className="flex items-center gap-4 py-3">
      <span className="min-w-0 flex-1">
        <span className="block font-medium">{token.name}</span>
        <span className="block text-meta text-text-3">
          {token.expiresAt === null ? "does not end" : `ends ${exactTime(token.expiresAt)}`}, {token.lastUsedAt === null ? "never used" : <>used <Ago at={token.lastUsedAt} /></>}
        </span>
        {revoke.error && <span role="alert" className="block text-failed">{sayError(revoke.error)}</span>}
      </span>
      <Button look="danger" disabled={revoke.isPending} onClick={() => setAsking(true)}>Revoke</Button>
      <Dialog open={asking} onClose={() => setAsking(false)} title={`Revoke ${token.name}?`} note="Whatever signs in with it is refused at once."
        footer={<><Button look="ghost" onClick={() => setAsking(false)}>Keep it</Button><Button look="danger" onClick={() => { setAsking(false); revoke.mutate(); }}>Revoke {token.name}</Button></>}>
        <p className="text-text-2">Made <Ago at={token.createdAt} />.</p>
      </Dialog>
    </li>
  );
}

function NewToken() {
  const [name, setName] = useState("");
  const [days, setDays] = useState("90");
  const reads = useQueryClient();
  const make = useMutation({
    mutationFn: () => createToken({ name: name.trim(), days: Number(days) }),
    onSuccess: () => {
      setName("");
      return reads.invalidateQueries({ queryKey: ["tokens"] });
    },
  });
  return (
    <Section title="New token">
      <form className="flex flex-wrap items-end gap-3" onSubmit={(event) => { event.preventDefault(); make.mutate(); }}>
        <Field label="What it is for"><Input value={name} onChange={(event) => setName(event.target.value)} /></Field>
        <Field label="Ends after"><Select value={days} onChange={(event) => setDays(event.target.value)}><option value="7">7 days</option><option value="30">30 days</option><option value="90">90 days</option><option value="365">a year</option></Select></Field>
        <Button type="submit" className="h-8" disabled={name.trim() === "" || make.isPending}>Make token</Button>
      </form>
      {make.error && <p role="alert" className="text-failed">{sayError(make.error)}</p>}
      {make.data && <Field label="Copy it now. It is shown once."><Input readOnly className="mono" value={make.data.secret} onFocus={(event) => event.target.select()} /></Field>}
    </Section>
  );
}
