import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Icon, Spinner } from '../ui/icons.tsx'

const ROW =
  'tap flex w-full items-center gap-2 rounded-small px-2 text-ink hover:bg-sunk data-[status=active]:bg-tint data-[status=active]:text-accent'

/** Who is signed in, the way to their security settings, and out. Policy 3.4-b. */
export function AccountMenu(): ReactNode {
  const me = useMe()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const signOut = useMutation({
    mutationFn: () => call('POST /api/access/sign-out'),
    onSuccess: async () => {
      await navigate({ to: '/sign-in', search: {} })
      queries.clear()
      announce('Signed out')
    },
  })
  return (
    <>
      <Link to="/account" className={ROW}>
        <Icon name="account" />
        <span className="min-w-0 flex-1">
          <span className="block truncate">{me.account?.name ?? 'Account'}</span>
          <span className="block text-xs text-muted">Account security</span>
        </span>
      </Link>
      <button
        type="button"
        className={ROW}
        disabled={signOut.isPending}
        onClick={() => {
          signOut.mutate()
        }}
      >
        {signOut.isPending ? <Spinner /> : <Icon name="out" />}
        Sign out
      </button>
      {signOut.isError && (
        <p role="alert" className="px-2 text-sm text-bad">
          Not signed out: the server did not confirm it. Try again.
        </p>
      )}
    </>
  )
}
