import { http } from "@/lib/http";
import type { Member, ProjectBody, ProjectPatch, ProjectView, RepositoryLook, Role } from "@/wire/types";

const path = (id: string): string => `/projects/${encodeURIComponent(id)}`;
const member = (id: string, person: string): string => `${path(id)}/members/${encodeURIComponent(person)}`;

export const getProjects = (): Promise<ProjectView[]> => http.getRaw<ProjectView[]>("/projects");
export const createProject = (body: ProjectBody): Promise<ProjectView> => http.post<ProjectView>("/projects", body);
export const changeProject = (id: string, body: ProjectPatch): Promise<ProjectView> => http.patch<ProjectView>(path(id), body);
export const testRepository = (id: string): Promise<RepositoryLook> => http.post<RepositoryLook>(`${path(id)}/repository/test`);
export const getRepositoryLook = (id: string): Promise<RepositoryLook> => http.get<RepositoryLook>(`${path(id)}/repository/test`);
export const setRole = (id: string, person: string, role: Role): Promise<Member> => http.put<Member>(member(id, person), { role });
export const removeMember = (id: string, person: string): Promise<void> => http.delete<void>(member(id, person));
