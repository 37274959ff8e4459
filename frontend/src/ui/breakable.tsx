import { Fragment } from "react";

/** A long name or path breaks after a dot, a stroke or an underscore, where a reader expects it. */
export const Breakable = ({ text }: { text: string }) => (
  <span className="[overflow-wrap:anywhere]">{text.split(/(?<=[._/:])/).map((part, i) => <Fragment key={i}>{part}<wbr /></Fragment>)}</span>
);
