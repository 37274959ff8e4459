import { amountText, microOf } from "@/lib/money";
import type { ModelPrice } from "@/wire/types";

/** A model as it is typed. An empty price means that there is none yet; images null, that its name decides. */
export interface PriceRow { name: string; in: string; out: string; context: string; images: boolean | null }

const CONTEXT = 128_000;
export const BLANK: PriceRow = { name: "", in: "", out: "", context: String(CONTEXT), images: null };

const shown = (micro: number | null): string => (micro === null ? "" : amountText(micro));
export const rowsOf = (models: readonly ModelPrice[]): PriceRow[] =>
  models.map((model) => ({ name: model.name, in: shown(model.inMicroPerMTok), out: shown(model.outMicroPerMTok), context: String(model.contextTokens), images: model.images }));

/** What was typed as models; undefined when a number is none. Rows without a name are left out. */
export function pricesOf(rows: readonly PriceRow[]): ModelPrice[] | undefined {
  const named = rows.filter((row) => row.name.trim() !== "");
  const made = named.map((row) => ({
    name: row.name.trim(), inMicroPerMTok: price(row.in), outMicroPerMTok: price(row.out), contextTokens: Number(row.context), images: row.images,
  }));
  const good = made.every((model) => model.inMicroPerMTok !== undefined && model.outMicroPerMTok !== undefined && Number.isInteger(model.contextTokens) && model.contextTokens > 0);
  return good ? (made as ModelPrice[]) : undefined;
}

const price = (text: string): number | null | undefined => (text.trim() === "" ? null : microOf(text));
