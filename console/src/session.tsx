import { useQuery } from '@tanstack/react-query'
import { createContext, useContext, type ReactNode } from 'react'
import type { Permission } from '../../platform/kernel/permission.ts'
import { meQuery, type MeReply } from './queries.ts'

const MeContext = createContext<MeReply | null>(null)

/** Gives the signed-in person to everything below; `initial` is what the route loaded. */
export function MeProvider({
  initial,
  children,
}: {
  readonly initial: MeReply
  readonly children: ReactNode
}): ReactNode {
  const { data } = useQuery({ ...meQuery, initialData: initial })
  return <MeContext value={data}>{children}</MeContext>
}

/** The person who is signed in. Throws outside of the signed-in part of the console. */
export function useMe(): MeReply {
  const me = useContext(MeContext)
  if (me === null) throw new Error('nobody is signed in here')
  return me
}

/** Whether the person may do something; the server decides again, this only spares people a refusal. */
export function useMay(permission: Permission): boolean {
  return useMe().permissions.includes(permission)
}
