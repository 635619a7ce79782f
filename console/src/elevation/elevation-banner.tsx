import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { meQuery } from '../queries.ts'
import { useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Icon } from '../ui/icons.tsx'
import { Countdown } from './countdown.tsx'
import { elevationsQuery, wordsOf } from './elevations.ts'

/** Stands above every page while the session holds an elevation: what it allows, how long still, and its end. Policy 3.2-d. */
export function ElevationBanner(): ReactNode {
  const me = useMe()
  const queries = useQueryClient()
  const { data } = useQuery({ ...elevationsQuery, enabled: me.staffRole !== null })
  const end = useMutation({
    mutationFn: (id: string) => call('POST /api/access/elevations/:id/end', { params: { id } }),
    onSuccess: async () => {
      announce('The elevation has ended')
      await queries.invalidateQueries({ queryKey: elevationsQuery.queryKey })
      await queries.invalidateQueries({ queryKey: meQuery.queryKey })
    },
  })
  const active = data?.mine.filter((one) => one.here && one.state === 'active') ?? []
  const waiting = data?.waiting.length ?? 0
  if (active.length === 0 && waiting === 0) return null
  return (
    <div
      role="region"
      aria-label="Elevation"
      className="flex flex-col gap-1 border-b border-late/50 bg-late-tint px-4 py-2 text-late"
    >
      {active.map((one) => (
        <p key={one.id} className="flex flex-wrap items-center gap-x-3 gap-y-1">
          <Icon name="clock" className="size-4" />
          <strong>Elevated</strong>
          <span>{wordsOf(one.permissions)}</span>
          {one.until !== null && <Countdown until={one.until} />}
          <Button
            className="ml-auto"
            busy={end.isPending && end.variables === one.id}
            onClick={() => {
              end.mutate(one.id)
            }}
          >
            End now
          </Button>
        </p>
      ))}
      {waiting > 0 && (
        <p className="flex flex-wrap items-center gap-3">
          <Icon name="clock" className="size-4" />
          <Link to="/elevations" className="underline">
            {waiting === 1 ? 'One request waits' : `${waiting} requests wait`} for your decision
          </Link>
        </p>
      )}
    </div>
  )
}
