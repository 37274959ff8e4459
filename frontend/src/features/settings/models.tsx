import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { useMe } from "@/app/session";
import { getConnections, removeConnection, testConnection } from "@/features/settings/api/connections";
import { ConnectionForm } from "@/features/settings/connection-form";
import { Facts } from "@/features/settings/facts";
import { sayError } from "@/lib/http";
import { money } from "@/lib/money";
import { Button } from "@/ui/button";
import { Dialog } from "@/ui/dialog";
import { Reading } from "@/ui/failure";
import { notify } from "@/ui/toast";
import type { ConnectionView, ModelPrice } from "@/wire/types";

/** Model endpoints. Each says whether it works, and if not, what to change. Keys go in and never come out. */
export function Models() {
  const who = useMe();
  const read = useQuery({ queryKey: ["connections"], queryFn: getConnections });
  const [adding, setAdding] = useState(false);
  return (
    <div className="flex flex-col gap-4">
      <div className="flex items-center gap-3">
        <p className="text-text-2">Keys stay here. An agent never sees one: it asks Quarterdeck, and Quarterdeck asks the provider.</p>
        {who.owner && !adding && <Button className="ml-auto" icon={<Plus size={14} />} onClick={() => setAdding(true)}>Add endpoint</Button>}
      </div>
      {adding && <ConnectionForm onDone={() => setAdding(false)} />}
      <Reading read={read} what="The endpoints could not be read.">
        {(list) => (list.length === 0
          ? <p className="text-text-2">No endpoint yet. Runs rehearse with a scripted model until one is added.</p>
          : <ul className="divide-y divide-line" aria-label="Endpoints">{list.map((one) => <Endpoint key={one.id} connection={one} may={who.owner} />)}</ul>)}
      </Reading>
    </div>
  );
}

function Endpoint({ connection, may }: { connection: ConnectionView; may: boolean }) {
  const [open, setOpen] = useState<"none" | "edit" | "remove">("none");
  const test = useMutation({ mutationFn: () => testConnection(connection.id) });
  return (
    <li className="flex flex-col gap-2 py-4">
      <div className="flex items-start gap-3 max-tablet:flex-wrap">
        <div className="min-w-0 flex-1">
          <h2 className="font-medium">{connection.name} <span className="font-normal text-text-3">{connection.protocol}</span></h2>
          <p className="truncate text-meta text-text-2">{[connection.baseUrl, connection.hasKey ? "with a key" : "without a key", connection.note].filter(Boolean).join(", ")}</p>
        </div>
        <Button disabled={!may || test.isPending} onClick={() => test.mutate()}>Test</Button>
        {connection.editable && <Button look="ghost" disabled={!may} onClick={() => setOpen(open === "edit" ? "none" : "edit")} aria-expanded={open === "edit"}>Edit</Button>}
        {connection.editable && <Button look="ghost" disabled={!may} onClick={() => setOpen("remove")}>Remove</Button>}
      </div>
      <Facts facts={test.data} error={test.error} pending={test.isPending} />
      {open === "edit" ? <ConnectionForm connection={connection} onDone={() => setOpen("none")} /> : <ul className="flex flex-col gap-0.5">{connection.models.map((model) => <Price key={model.name} model={model} />)}</ul>}
      {open === "remove" && <Remove connection={connection} onClose={() => setOpen("none")} />}
    </li>
  );
}

function Price({ model }: { model: ModelPrice }) {
  const priced = model.inMicroPerMTok !== null && model.outMicroPerMTok !== null;
  return (
    <li className="flex flex-wrap gap-x-3 text-meta text-text-2">
      <span className="mono">{model.name}</span>
      {priced
        ? <span className="num">{money(model.inMicroPerMTok!)} in, {money(model.outMicroPerMTok!)} out for a million tokens</span>
        : <span className="text-needs">no price: it is refused until it has one (0 is a price)</span>}
    </li>
  );
}

function Remove({ connection, onClose }: { connection: ConnectionView; onClose: () => void }) {
  const reads = useQueryClient();
  const go = () => {
    onClose();
    removeConnection(connection.id)
      .then(() => reads.invalidateQueries({ queryKey: ["connections"] }))
      .catch((error: unknown) => notify({ text: sayError(error), failed: true }));
  };
  return (
    <Dialog open onClose={onClose} title={`Remove ${connection.name}?`} note="Its key is deleted. Projects that are routed to it wait until they are routed anew."
      footer={<><Button look="ghost" onClick={onClose}>Keep it</Button><Button look="danger" onClick={go}>Remove {connection.name}</Button></>}>
      <p className="text-text-2">{connection.models.map((model) => model.name).join(", ") || "It has no models."}</p>
    </Dialog>
  );
}
