import { useEffect, useLayoutEffect, useRef, useState } from "react";

const NEAR = 48;

/**
 * Follows the end while the end is in view; else what comes is counted, and nothing that is read moves.
 * `shape` is what the person folds or searches: it moves the end without a scroll.
 */
export function useEnd(count: number, shape: unknown) {
  const scroller = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);
  const [seen, setSeen] = useState(count);
  const look = () => {
    const box = scroller.current;
    if (!box) return;
    atEnd.current = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR;
    if (atEnd.current) setSeen(countNow.current);
  };
  const countNow = useRef(count);
  countNow.current = count;
  const toEnd = () => { scroller.current?.scrollTo({ top: scroller.current.scrollHeight }); };
  useEffect(() => {
    const box = scroller.current;
    box?.addEventListener("scroll", look, { passive: true });
    return () => box?.removeEventListener("scroll", look);
  }, []);
  useLayoutEffect(() => {
    if (!atEnd.current) return;
    toEnd();
    setSeen(count);
  }, [count]);
  useLayoutEffect(look, [shape]);
  return { scroller, behind: Math.max(0, count - seen), toEnd };
}
