import type { WorkspaceRole } from '../../kernel/permission.ts'
import type { AccessSystem } from './observed-system.ts'
import { enrolProbe, postRaw, withProbe } from './probe-person.ts'

/** Sends a body as it is, in the name of a signed-in person. */
export type PostAsPerson = (path: string, body: string) => Promise<Response>

/** Runs `use` as a person of the checks' own workspace who is signed in with two factors, and removes the account. */
export function asProbePerson<Result>(
  system: AccessSystem,
  role: WorkspaceRole,
  use: (post: PostAsPerson) => Promise<Result>,
): Promise<Result> {
  return withProbe(
    system,
    async (person) => {
      const { token } = await enrolProbe(system, person)
      return use((path, body) => postRaw(system.door, token, path, body))
    },
    role,
  )
}
