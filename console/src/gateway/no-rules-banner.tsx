import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useMay } from '../session.tsx'
import { Icon } from '../ui/icons.tsx'
import { firewallQuery } from './gateway-api.ts'

/** Stands above every page while the firewall has no rules, for everybody who may see the gateway. Policy 4.1-a. */
export function NoRulesBanner(): ReactNode {
  const may = useMay('gateway.read')
  const { data } = useQuery({ ...firewallQuery, enabled: may })
  if (!may || data === undefined || data.guards) return null
  return (
    <div
      role="region"
      aria-label="Firewall without rules"
      className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-bad/50 bg-bad-tint px-4 py-2 text-bad"
    >
      <Icon name="warning" className="size-4" />
      <strong>The firewall has no rules</strong>
      <span>Every request passes without being looked at.</span>
      <Link to="/policy/clause/$id" params={{ id: '4.1-a' }} className="underline">
        Clause 4.1-a fails
      </Link>
      <Link to="/traffic" className="underline">
        What to do
      </Link>
    </div>
  )
}
