import type { ReactNode } from 'react'
import { PageTabs } from '../ui/page-tabs.tsx'

const TABS = [
  { to: '/traffic', name: 'Now', exact: true },
  { to: '/traffic/refused', name: 'Refused', exact: false },
  { to: '/traffic/exclusions', name: 'Exclusions', exact: false },
  { to: '/traffic/limits', name: 'Limits', exact: false },
  { to: '/traffic/block-list', name: 'Block list', exact: false },
] as const

/** The pages about traffic, one beside the other. */
export function GatewayTabs(): ReactNode {
  return <PageTabs label="Traffic" tabs={TABS} />
}
