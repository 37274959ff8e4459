import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { createProject } from "@/features/settings/api/projects";
import { sayError } from "@/lib/http";
import { Button } from "@/ui/button";
import { Field, Input } from "@/ui/field";
import { Section } from "@/ui/section";

const KEY = /^[A-Z][A-Z0-9]{1,9}$/;

export function NewProject({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const [key, setKey] = useState("");
  const reads = useQueryClient();
  const create = useMutation({
    mutationFn: () => createProject({ name: name.trim(), key }),
    onSuccess: async () => {
      await reads.invalidateQueries({ queryKey: ["projects"] });
      onDone();
    },
  });
  return (
    <Section title="New project">
      <div className="grid max-w-[560px] grid-cols-2 gap-4">
        <Field label="Name"><Input value={name} onChange={(event) => setName(event.target.value)} /></Field>
        <Field label="Key" hint="Two to ten capitals; tickets are named after it"><Input className="mono" value={key} onChange={(event) => setKey(event.target.value.toUpperCase())} /></Field>
      </div>
      {create.error && <p role="alert" className="text-failed">{sayError(create.error)}</p>}
      <div className="flex gap-2">
        <Button look="primary" disabled={name.trim() === "" || !KEY.test(key) || create.isPending} onClick={() => create.mutate()}>Add project</Button>
        <Button look="ghost" onClick={onDone}>Cancel</Button>
      </div>
    </Section>
  );
}
