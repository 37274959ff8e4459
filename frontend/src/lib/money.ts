const MICRO = 1_000_000;
const formats = new Map<string, Intl.NumberFormat>();

function formatOf(currency: string): Intl.NumberFormat {
  const known = formats.get(currency);
  if (known) return known;
  const made = new Intl.NumberFormat("en", { style: "currency", currency: /^[A-Z]{3}$/.test(currency) ? currency : "USD", minimumFractionDigits: 2, maximumFractionDigits: 2 });
  formats.set(currency, made);
  return made;
}

/** Micro-units as people write money: always two decimals. */
export const money = (micro: number, currency = "USD"): string => formatOf(currency).format(micro / MICRO);

/** The sum of amounts as each of them is written: what stands below a figure adds up to it, to the cent. */
export const sumShown = (amounts: readonly number[]): number => amounts.reduce((sum, one) => sum + Math.round(one / 10_000) * 10_000, 0);

/** What a person typed, in micro-units; undefined when it is not an amount. */
export function microOf(text: string): number | undefined {
  const amount = Number(text.replace(",", ".").trim());
  return text.trim() === "" || !Number.isFinite(amount) || amount < 0 ? undefined : Math.round(amount * MICRO);
}

export const amountText = (micro: number): string => (micro / MICRO).toFixed(2);

export function short(count: number): string {
  if (count < 10_000) return count.toLocaleString("en");
  if (count < 1_000_000) return `${(count / 1000).toFixed(0)}k`;
  return `${(count / 1_000_000).toFixed(1)}M`;
}

/** How full a cap is, between 0 and 1, and whether it deserves a warning. A cap of 0 is no cap. */
export function against(spent: number, cap: number): { share: number; near: boolean; over: boolean } {
  const share = cap === 0 ? 0 : Math.min(1, spent / cap);
  return { share, near: share >= 0.8, over: cap > 0 && spent >= cap };
}

export const plural = (count: number, one: string, many = `${one}s`): string => `${count} ${count === 1 ? one : many}`;
