import type { Fleet } from "@/wire/types";

/** How many can start now: what these projects may still hold, and no more than all projects together leave. */
export const free = ({ places, placesInAll }: Fleet): number => Math.max(0, Math.min(places.all - places.used, placesInAll.all - placesInAll.used));
