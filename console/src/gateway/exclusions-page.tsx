import { useQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import type { StoredExclusion } from '../contract/gateway.ts'
import { Loaded } from '../ui/loaded.tsx'
import { day } from '../ui/moment.tsx'
import { Badge, Empty, PageBody, PageHead, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { ExclusionTrial } from './exclusion-trial.tsx'
import { firewallQuery } from './gateway-api.ts'
import { GatewayTabs } from './gateway-tabs.tsx'
import { rulesText } from './reviewed-text.ts'

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
          {({ exclusions, guards }) =>
            exclusions.length === 0 ? (
              <Empty title="Nothing is left out">
                {guards
                  ? 'Every rule looks at every field of every route.'
                  : 'There are no rules either; fetch them on the page “Now”.'}
              </Empty>
            ) : (
              <Written rows={exclusions} />
            )
          }
        </Loaded>
      </Section>
    </PageBody>
  )
}

function Written({ rows }: { readonly rows: readonly StoredExclusion[] }): ReactNode {
  return (
    <Table label="Exclusions" columns={['Route', 'Rules', 'Fields', 'Why', 'Until']}>
      {rows.map((one, at) => (
        <Row key={`${one.route} ${at}`}>
          <Cell of="Route">{one.route ?? 'everywhere'}</Cell>
          <Cell of="Rules">
            <span className="font-mono text-sm">
              {[rulesText(one.rules), ...one.tags].filter((text) => text !== '').join(', ')}
            </span>
          </Cell>
          <Cell of="Fields">
            {one.targets.length === 0 ? (
              'the rules whole'
            ) : (
              <span className="font-mono text-sm">{one.targets.join(' ')}</span>
            )}
          </Cell>
          <Cell of="Why">
            <span className="block">{one.why}</span>
            <span className="block text-sm text-muted">{one.by}</span>
          </Cell>
          <Cell of="Until">
            <span className="whitespace-nowrap">{day(one.until)}</span>{' '}
            {!one.counts && <Badge tone="late">ended</Badge>}
          </Cell>
        </Row>
      ))}
    </Table>
  )
}
