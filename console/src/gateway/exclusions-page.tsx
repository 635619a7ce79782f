import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { FirewallState, StoredExclusion } from '../contract/gateway.ts'
import { Loaded } from '../ui/loaded.tsx'
import { day } from '../ui/moment.tsx'
import { Badge, Empty, PageBody, PageHead, Panel, Section } from '../ui/page.tsx'
import { ExclusionTrial } from './exclusion-trial.tsx'
import { firewallQuery } from './gateway-api.ts'
import { GatewayTabs } from './gateway-tabs.tsx'
import { METHODS, rulesText } from './reviewed-text.ts'

const route = getRouteApi('/signed-in/traffic/exclusions')

/** What the rules leave out by decision, and a place to try another exclusion before it is written. Policy 4.1-a. */
export function ExclusionsPage(): ReactNode {
  const search = route.useSearch()
  const firewall = useQuery(firewallQuery)
  return (
    <PageBody>
      <PageHead
        title="Exclusions"
        lead="What the rules do not look at, where, why, by whose decision and until when. An exclusion ends by itself."
      />
      <GatewayTabs />
      <Section
        title="Try an exclusion"
        lead="The rules judge stored refusals and known attacks with and without it. Nothing changes."
      >
        <ExclusionTrial key={JSON.stringify(search)} start={search} />
      </Section>
      <Section
        title="In the reviewed files"
        lead="Those that the product itself needs, and those of the installation’s own file."
      >
        <Loaded query={firewall} what="the exclusions">
          {({ exclusions, guards, routes }) =>
            exclusions.length === 0 ? (
              <Empty title="Nothing is left out">
                {guards
                  ? 'Every rule looks at every field of every route.'
                  : 'There are no rules either; fetch them on the page “Now”.'}
              </Empty>
            ) : (
              <Written rows={exclusions} routes={routes} />
            )
          }
        </Loaded>
      </Section>
    </PageBody>
  )
}

function Written({
  rows,
  routes,
}: {
  readonly rows: readonly StoredExclusion[]
  readonly routes: FirewallState['routes']
}): ReactNode {
  return (
    <Panel>
      <ul aria-label="Exclusions">
        {rows.map((one, at) => (
          <WrittenOne
            key={`${one.route} ${at}`}
            of={one}
            route={routes.find(({ name }) => name === one.route)}
          />
        ))}
      </ul>
    </Panel>
  )
}

function WrittenOne({
  of,
  route: at,
}: {
  readonly of: StoredExclusion
  readonly route: FirewallState['routes'][number] | undefined
}): ReactNode {
  return (
    <li className="flex flex-col gap-1 border-b border-line px-4 py-3 last:border-b-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <span className="min-w-0 wrap-anywhere">
          <strong>{of.route ?? 'everywhere'}</strong>{' '}
          {at !== undefined && (
            <code className="font-mono text-sm text-muted">
              {at.methods.length < METHODS.length && `${at.methods.join(' ')} `}
              {at.path}
            </code>
          )}
        </span>
        <span className="text-sm text-muted">
          until {day(of.until)} {!of.counts && <Badge tone="late">ended</Badge>}
        </span>
      </div>
      <p className="font-mono text-sm wrap-anywhere">
        {[rulesText(of.rules), ...of.tags].filter((text) => text !== '').join(', ')}
        {of.targets.length === 0 ? (
          <span className="font-sans"> whole</span>
        ) : (
          <>
            <span className="font-sans text-muted"> without </span>
            {of.targets.join(' ')}
          </>
        )}
      </p>
      <p className="max-w-prose text-muted">
        {of.why} ({of.by})
      </p>
    </li>
  )
}
