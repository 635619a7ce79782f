import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import type { RootKey } from '../contract/recovery.ts'
import { Facts } from '../gateway/facts.tsx'
import { many } from '../recovery/amounts.ts'
import { ClauseLink } from '../recovery/clause-link.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment, shortSpan } from '../ui/moment.tsx'
import { Notice } from '../ui/notice.tsx'
import { Badge, Panel, Section } from '../ui/page.tsx'
import { rootQuery } from './keys-api.ts'

const KEEPERS: Readonly<Record<RootKey['provider'], string>> = {
  'local-file': 'a file of this machine',
  'aws-kms': 'AWS KMS',
  vault: 'HashiCorp Vault or OpenBao',
  pkcs11: 'a PKCS#11 token',
}

const STATES: Readonly<Record<RootKey['health']['state'], string>> = {
  enabled: 'in order',
  disabled: 'disabled',
  'pending-deletion': 'about to be deleted',
  unreachable: 'not reachable',
}

/** What wraps every other key: who keeps it and how it is. Policy 2.2-d, 2.3-b. */
export function RootSection(): ReactNode {
  const root = useQuery(rootQuery)
  return (
    <Section
      title="Who keeps the root key, and how is it?"
      lead={
        <>
          It wraps the keys of every workspace; <ClauseLink id="2.2-d" />.
        </>
      }
    >
      <Loaded query={root} what="the root key">
        {(data) => <Root of={data} />}
      </Loaded>
    </Section>
  )
}

function Root({ of }: { readonly of: RootKey }): ReactNode {
  const { health, keys } = of
  const wrapped = keys.reduce((sum, one) => sum + one.keys, 0)
  return (
    <>
      {health.state !== 'enabled' && (
        <Notice tone="late">
          <strong>The root key is {STATES[health.state]}</strong>
          <p>{health.problem ?? 'Its keeper does not say why.'}</p>
        </Notice>
      )}
      <Panel className="p-4">
        <Facts
          facts={[
            [
              'Keeper',
              <span key="keeper" className="flex flex-wrap items-center gap-2">
                {KEEPERS[of.provider]}
                {of.provider === 'local-file' && <Badge tone="late">stand-in for a keeper</Badge>}
              </span>,
            ],
            [
              'State',
              `${STATES[health.state]}, answered within ${shortSpan(Math.max(1, Math.round(health.millis)))}`,
            ],
            [
              'Name',
              <code key="name" className="font-mono">
                {of.id}
              </code>,
            ],
            ['Versions', health.versions === null ? 'the keeper does not say' : String(health.versions)],
            [
              'Newest version',
              health.rotatedAt === null ? (
                'the keeper does not say since when'
              ) : (
                <span key="since">
                  made <Moment at={health.rotatedAt} />
                </span>
              ),
            ],
            ['Keys under it', many(wrapped, 'key')],
            ['Can leave its keeper', health.exportable ? 'yes' : 'no'],
            ['Its keeper’s log', logWords(of.log)],
            ...of.former.map(
              (one) => [`Former: ${one.provider}`, `${many(one.keys, 'key')} still under ${one.id}`] as const,
            ),
          ]}
        />
        {health.notes.length > 0 && (
          <ul aria-label="Notes on the root key" className="list-disc pt-3 pl-5 text-muted">
            {health.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        )}
      </Panel>
      <Changes of={of.changes} />
    </>
  )
}

function logWords(log: RootKey['log']): string {
  const { without, compared, unexplained, missing, notYet, problems, readTo } = log
  if (without !== null) return `not compared: ${without}`
  if (readTo === null) return 'not read yet'
  const wrong = [
    ...(unexplained === 0 ? [] : [`${many(unexplained, 'use')} that nobody here made`]),
    ...(missing === 0 ? [] : [`${many(missing, 'use')} of ours missing`]),
    ...problems,
  ]
  const late = notYet === 0 ? '' : `, ${notYet} not there yet`
  return `${many(compared, 'use')} of ours in 30 days${late}; ${wrong.length === 0 ? 'nothing else' : wrong.join('; ')}`
}

function Changes({ of }: { readonly of: RootKey['changes'] }): ReactNode {
  if (of.length === 0) return null
  return (
    <ul aria-label="Changes of the root key" className="flex flex-col gap-1 text-muted">
      {of.map((one) => (
        <li key={one.startedAt}>
          Replaced <Moment at={one.startedAt} />: {many(one.moved, 'key')} wrapped anew
          {one.finishedAt === null ? ', and it is under way' : ''}.
        </li>
      ))}
    </ul>
  )
}
