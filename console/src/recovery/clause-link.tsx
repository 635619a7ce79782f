import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

/** Leads to the sentence of the policy that something is held to. */
export function ClauseLink({ id }: { readonly id: string }): ReactNode {
  return (
    <Link to="/policy/clause/$id" params={{ id }} className="whitespace-nowrap text-accent underline">
      clause {id}
    </Link>
  )
}
