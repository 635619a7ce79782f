import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { WorkspaceRole } from '../../../platform/kernel/permission.ts'
import { call, type Reply } from '../api.ts'
import type { People } from '../contract/access.ts'
import { Loaded } from '../ui/loaded.tsx'
import { exact } from '../ui/moment.tsx'
import { useRoleName } from './roles.tsx'

type Grant = Reply<'GET /api/people/:id/roles'>['grants'][number]

const WAYS: Readonly<Record<string, string>> = {
  founding: 'when the workspace was made',
  invitation: 'by an invitation',
  console: 'here',
  scim: 'by the directory',
  review: 'by a review',
  leaver: 'by a departure',
}

/** Who gave a member which role, for which work, by which way and until when. Policy 3.2-a. */
export function GrantHistory({
  account,
  members,
}: {
  readonly account: string
  readonly members: People['members']
}): ReactNode {
  const history = useQuery({
    queryKey: ['grant-history', account],
    queryFn: ({ signal }) => call('GET /api/people/:id/roles', { params: { id: account } }, { signal }),
  })
  return (
    <section aria-label="Roles so far" className="flex flex-col gap-3 border-t border-line pt-4">
      <h3>Roles so far</h3>
      <Loaded query={history} what="the roles so far">
        {(data) =>
          data.grants.length === 0 ? (
            <p className="text-sm text-muted">No role was ever given to this person.</p>
          ) : (
            <ol className="flex flex-col gap-3">
              {data.grants.map((grant) => (
                <GrantItem key={grant.id} of={grant} members={members} />
              ))}
            </ol>
          )
        }
      </Loaded>
    </section>
  )
}

function GrantItem({ of, members }: { readonly of: Grant; readonly members: People['members'] }): ReactNode {
  const roleName = useRoleName()
  const who = (by: Grant['by']): string => members.find(({ id }) => id === by.id)?.name ?? by.kind
  return (
    <li className="text-sm">
      <span className="block">
        <strong>{roleName(of.role as WorkspaceRole)}</strong>
        {of.jobFunction !== null && `, for ${of.jobFunction}`}
      </span>
      <span className="block text-muted">
        given {exact(of.at)} by {who(of.by)}, {WAYS[of.via] ?? of.via}
      </span>
      {of.exception !== null && (
        <span className="block text-late">
          exception until {exact(of.exception.until)}: {of.exception.reason}
        </span>
      )}
      {of.ended !== null && (
        <span className="block text-muted">
          ended {exact(of.ended.at)}, {WAYS[of.ended.via ?? ''] ?? of.ended.via}
        </span>
      )}
    </li>
  )
}
