import type { ReactNode } from 'react'
import { PageTabs } from '../ui/page-tabs.tsx'

const TABS = [
  { to: '/recovery', name: 'Backups', exact: true },
  { to: '/recovery/restores', name: 'Restores', exact: true },
  { to: '/recovery/drills', name: 'Drills', exact: true },
  { to: '/recovery/retention', name: 'Holds and removals', exact: true },
  { to: '/recovery/keys', name: 'Keys', exact: true },
  { to: '/recovery/keys/uses', name: 'Uses of keys', exact: true },
] as const

/** The pages about keys and recovery, one beside the other. */
export function RecoveryTabs(): ReactNode {
  return <PageTabs label="Keys and recovery" tabs={TABS} />
}
