import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { Permission } from '../../../platform/kernel/permission.ts'
import { call, type Reply } from '../api.ts'
import { programsQuery } from '../clients/programs-api.ts'
import { keysQuery } from '../people/keys-api.ts'
import { peopleQuery } from '../people/people-api.ts'
import { useMay } from '../session.tsx'
import { Choice } from '../ui/field.tsx'
import { Icon } from '../ui/icons.tsx'
import { exact } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Loading, Panel, Section } from '../ui/page.tsx'
import type { PermissionRow } from './roles-api.ts'

type Answer = Reply<'GET /api/access/explain'>

type Kind = 'account' | 'key' | 'client'

/** Somebody or something that may do things: a person, a key or a program, with its name. */
interface Subject {
  readonly kind: Kind
  readonly id: string
  readonly name: string
}

/** Everybody and everything that can be asked about here. */
function useSubjects(): readonly Subject[] {
  const seesKeys = useMay('api-key.read')
  const seesPrograms = useMay('client.read')
  const { data: people } = useQuery(peopleQuery)
  const { data: keys } = useQuery({ ...keysQuery, enabled: seesKeys })
  const { data: programs } = useQuery({ ...programsQuery, enabled: seesPrograms })
  const live = <One extends { readonly revokedAt: string | null }>(
    rows: readonly One[] = [],
  ): readonly One[] => rows.filter(({ revokedAt }) => revokedAt === null)
  return [
    ...(people?.members ?? []).map(({ id, name }) => ({ kind: 'account' as const, id, name })),
    ...live(keys?.keys).map(({ id, label, hint }) => ({
      kind: 'key' as const,
      id,
      name: `API key ${label}, ${hint}…`,
    })),
    ...live(programs?.clients).map(({ id, name }) => ({
      kind: 'client' as const,
      id,
      name: `Program ${name}`,
    })),
  ]
}

/** Why a person, a key or a program may do something, or why not, found out by the decision itself. Policy 3.2-0. */
export function Explain({ permissions }: { readonly permissions: readonly PermissionRow[] }): ReactNode {
  const subjects = useSubjects()
  const [chosen, setChosen] = useState('')
  const [permission, setPermission] = useState<Permission>('conversation.read')
  const subject = subjects.find(({ id }) => id === chosen) ?? subjects[0]
  const { data, error } = useQuery({
    queryKey: ['explain', subject?.kind, subject?.id, permission],
    queryFn: ({ signal }) =>
      call(
        'GET /api/access/explain',
        { query: { permission, ...(subject === undefined ? {} : { [subject.kind]: subject.id }) } },
        { signal },
      ),
    enabled: subject !== undefined,
  })
  const names = new Map(subjects.map((one) => [one.id, one.name]))
  const choices = Object.fromEntries(permissions.map((one) => [one.name, one.says])) as Record<
    Permission,
    string
  >
  return (
    <Section
      title="Why may somebody do something?"
      lead="The answer of the very decision that every request meets."
    >
      <Panel className="flex flex-col gap-4 p-4">
        <div className="grid gap-4 tablet:grid-cols-2">
          <Choice
            label="Who"
            choices={Object.fromEntries(subjects.map((one) => [one.id, one.name]))}
            value={subject?.id ?? ''}
            onChoose={setChosen}
          />
          <Choice label="May" choices={choices} value={permission} onChoose={setPermission} />
        </div>
        {error !== null && <ProblemNotice error={error} />}
        {data === undefined ? (
          error === null && <Loading what="the answer" />
        ) : (
          <Why of={data} names={names} />
        )}
      </Panel>
    </Section>
  )
}

function Why({ of, names }: { readonly of: Answer; readonly names: ReadonlyMap<string, string> }): ReactNode {
  return (
    <div role="status" className="flex flex-col gap-2">
      <p className={`flex items-center gap-2 font-strong ${of.allowed ? 'text-good' : 'text-bad'}`}>
        <Icon name={of.allowed ? 'check' : 'close'} />
        {of.allowed ? 'Allowed' : 'Not allowed'}
      </p>
      <ul className="list-disc pl-5">
        {of.because.map((one) => (
          <li key={one}>{one}</li>
        ))}
      </ul>
      {of.sources.length > 0 && (
        <ul className="text-sm text-muted">
          {of.sources.map((one) => (
            <li key={`${one.by} ${one.what}`}>
              {one.by}: {one.what}
              {one.since !== null && `, since ${exact(one.since)}`}
              {one.grantor !== null && `, by ${names.get(one.grantor.id) ?? one.grantor.kind}`}
              {one.until !== null && `, until ${exact(one.until)}`}
            </li>
          ))}
        </ul>
      )}
      {!of.allowed && of.wouldAllow.length > 0 && (
        <p className="text-sm text-muted">
          Would allow it: {of.wouldAllow.map(({ kind, what }) => `${kind} ${what}`).join(', ')}.
          {of.couldGive.length > 0 &&
            ` Could be given by ${of.couldGive.map((id) => names.get(id) ?? 'somebody else').join(', ')}.`}
        </p>
      )}
    </div>
  )
}
