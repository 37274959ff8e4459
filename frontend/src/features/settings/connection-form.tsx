import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Plus, X } from "lucide-react";
import { useState } from "react";
import { changeConnection, createConnection } from "@/features/settings/api/connections";
import { BLANK, pricesOf, rowsOf, type PriceRow } from "@/features/settings/prices";
import { sayError } from "@/lib/http";
import { Button, IconButton } from "@/ui/button";
import { Field, Input, Select } from "@/ui/field";
import type { ConnectionView } from "@/wire/types";

interface Form { name: string; protocol: "openai" | "anthropic"; baseUrl: string; key: string; rows: PriceRow[] }
const BASE = { openai: "https://api.openai.com/v1", anthropic: "https://api.anthropic.com" };

const formOf = (one?: ConnectionView): Form => ({
  name: one?.name ?? "", protocol: one?.protocol === "anthropic" ? "anthropic" : "openai", baseUrl: one?.baseUrl ?? "", key: "", rows: one ? rowsOf(one.models) : [BLANK],
});

/** An endpoint with its models and their prices. Saving is explicit: there is a secret in it. */
export function ConnectionForm({ connection, onDone }: { connection?: ConnectionView; onDone: () => void }) {
  const [form, setForm] = useState(() => formOf(connection));
  const set = (part: Partial<Form>) => setForm({ ...form, ...part });
  const models = pricesOf(form.rows);
  const reads = useQueryClient();
  const save = useMutation({
    mutationFn: () => {
      const { name, protocol, baseUrl, key } = form;
      const list = models ?? [];
      return connection ? changeConnection(connection.id, { name, baseUrl, models: list, ...(key ? { key } : {}) }) : createConnection({ name, protocol, baseUrl, key, models: list });
    },
    onSuccess: async () => {
      await reads.invalidateQueries({ queryKey: ["connections"] });
      onDone();
    },
  });
  return (
    <form className="flex flex-col gap-4 py-2" onSubmit={(event) => { event.preventDefault(); save.mutate(); }}>
      <div className="grid grid-cols-2 gap-4 max-tablet:grid-cols-1">
        <Field label="Name"><Input value={form.name} onChange={(event) => set({ name: event.target.value })} /></Field>
        <Field label="Protocol" hint="Ollama, vLLM and llama.cpp speak OpenAI's">
          <Select disabled={connection !== undefined} value={form.protocol} onChange={(event) => set({ protocol: event.target.value === "anthropic" ? "anthropic" : "openai" })}><option value="openai">OpenAI</option><option value="anthropic">Anthropic</option></Select>
        </Field>
        <Field label="Base URL"><Input className="mono" spellCheck={false} placeholder={BASE[form.protocol]} value={form.baseUrl} onChange={(event) => set({ baseUrl: event.target.value })} /></Field>
        <Field label="Key" hint={connection?.hasKey ? "Empty: the stored key stays, at this address" : "Empty for an endpoint that needs none"}><Input type="password" autoComplete="off" value={form.key} onChange={(event) => set({ key: event.target.value })} /></Field>
      </div>
      <PriceRows rows={form.rows} onChange={(rows) => set({ rows })} />
      {save.error && <p role="alert" className="text-failed">{sayError(save.error)}</p>}
      <div className="flex gap-2">
        <Button look="primary" type="submit" disabled={form.name.trim() === "" || form.baseUrl.trim() === "" || models === undefined || save.isPending}>Save endpoint</Button>
        <Button look="ghost" onClick={onDone}>Cancel</Button>
      </div>
    </form>
  );
}

function PriceRows({ rows, onChange }: { rows: readonly PriceRow[]; onChange: (rows: PriceRow[]) => void }) {
  const set = (i: number, part: Partial<PriceRow>) => onChange(rows.map((row, at) => (at === i ? { ...row, ...part } : row)));
  return (
    <fieldset className="flex flex-col gap-2">
      <legend className="pb-1 text-meta font-medium text-text-2">Models, with the price for a million tokens in and out, the context in tokens, and whether it takes images</legend>
      {rows.map((row, i) => (
        <div key={i} className="grid grid-cols-[minmax(0,2fr)_1fr_1fr_1fr_auto_28px] items-center gap-2">
          <Input className="mono" aria-label={`Model ${i + 1}`} placeholder="name" spellCheck={false} value={row.name} onChange={(event) => set(i, { name: event.target.value })} />
          <Input inputMode="decimal" aria-label={`Price in of model ${i + 1}`} placeholder="in" value={row.in} onChange={(event) => set(i, { in: event.target.value })} />
          <Input inputMode="decimal" aria-label={`Price out of model ${i + 1}`} placeholder="out" value={row.out} onChange={(event) => set(i, { out: event.target.value })} />
          <Input inputMode="numeric" aria-label={`Context of model ${i + 1}`} placeholder="context" value={row.context} onChange={(event) => set(i, { context: event.target.value })} />
          <label className="flex items-center gap-1.5 text-meta text-text-2" title="Unsaid, the model's name decides">
            <input type="checkbox" aria-label={`Model ${i + 1} takes images`} checked={row.images === true} ref={(box) => { if (box) box.indeterminate = row.images === null; }} onChange={(event) => set(i, { images: event.target.checked })} />
            images
          </label>
          <IconButton label={`Drop model ${i + 1}`} onClick={() => onChange(rows.filter((_, at) => at !== i))}><X size={14} /></IconButton>
        </div>
      ))}
      <div><Button size="small" look="ghost" icon={<Plus size={13} />} onClick={() => onChange([...rows, BLANK])}>Add model</Button></div>
    </fieldset>
  );
}
