import { http } from "@/lib/http";
import type { Invitation, InviteBody, NewToken, PersonView, TokenBody, TokenView } from "@/wire/types";

export const getPeople = (): Promise<PersonView[]> => http.get<PersonView[]>("/people");
export const invite = (body: InviteBody): Promise<Invitation> => http.post<Invitation>("/people", body);
export const getTokens = (): Promise<TokenView[]> => http.get<TokenView[]>("/tokens");
export const createToken = (body: TokenBody): Promise<NewToken> => http.post<NewToken>("/tokens", body);
export const revokeToken = (id: string): Promise<void> => http.delete<void>(`/tokens/${encodeURIComponent(id)}`);
