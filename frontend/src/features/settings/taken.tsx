import { useState, type KeyboardEvent } from "react";
import { Field, Input, TextArea } from "@/ui/field";

interface Props {
  label: string;
  hint: string;
  /** What stands; what is typed over it goes when something else comes to stand. */
  value: string;
  /** Takes what was typed; resolves to false where it was refused, with the reason said. */
  take: (text: string) => Promise<boolean>;
  disabled: boolean;
  className?: string;
  inputMode?: "numeric" | "decimal" | "text";
  rows?: number;
}

/** A box of the settings, one way everywhere: taken when it is left or with Enter, given back with Escape. What was refused stays to be mended, and says that it is not saved. */
export function TakenField({ label, hint, value, take, rows, ...rest }: Props) {
  const [text, setText] = useState(value);
  const [stood, setStood] = useState(value);
  const [refused, setRefused] = useState(false);
  const back = (to: string) => { setText(to); setRefused(false); };
  if (stood !== value) {
    setStood(value);
    back(value);
  }
  const leave = async () => {
    const typed = text.trim();
    if (typed === value) back(value);
    else if (!refused) setRefused(!(await take(typed)));
  };
  const box = {
    ...rest, value: text, spellCheck: false, "aria-invalid": refused, onBlur: () => void leave(),
    onChange: (event: { target: { value: string } }) => back(event.target.value),
    onKeyDown: (event: KeyboardEvent) => {
      if (event.key === "Enter" && rows === undefined) void leave();
      if (event.key === "Escape" && text !== value) { event.stopPropagation(); back(value); }
    },
  };
  return (
    <Field label={label} hint={refused ? <span className="text-failed">Not saved. Mend it, or take back with Esc what stood.</span> : hint}>
      {rows === undefined ? <Input {...box} /> : <TextArea rows={rows} {...box} />}
    </Field>
  );
}
