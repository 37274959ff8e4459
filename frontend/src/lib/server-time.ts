// The browser's clock may be wrong; ages and "no contact" are counted on the platform's. The Date header has whole
// seconds, so a difference below two seconds is taken as none.
let skew = 0;

export function learnServerTime(date: string | null): void {
  const at = date ? Date.parse(date) : Number.NaN;
  if (Number.isNaN(at)) return;
  const off = at + 500 - Date.now();
  skew = Math.abs(off) < 2000 ? 0 : off;
}

export const serverNow = (): number => Date.now() + skew;
