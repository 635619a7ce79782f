import { useInfiniteQuery } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import type { KeyUse } from '../contract/recovery.ts'
import { Facts } from '../gateway/facts.tsx'
import { ClauseLink } from '../recovery/clause-link.tsx'
import { RecoveryTabs } from '../recovery/recovery-tabs.tsx'
import { Choice } from '../ui/field.tsx'
import { isNarrowed, NothingFits } from '../ui/filter.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { exact, Moment } from '../ui/moment.tsx'
import { isReadingOn, MoreButton } from '../ui/more-button.tsx'
import { OpeningRows } from '../ui/opening-rows.tsx'
import { Badge, Empty, PageBody, PageHead } from '../ui/page.tsx'
import { ownerName } from './key-words.ts'
import { ACTIONS, parseUseSearch, type UseSearch } from './use-filter.ts'

const route = getRouteApi('/signed-in/recovery/keys/uses')
const CHOICES = { '': 'Everything', ...ACTIONS }

/** Who used whose keys and what for, the newest first; each was kept before the key was touched. Policy 2.3-b. */
export function KeyUsesPage(): ReactNode {
  const filter = route.useSearch()
  const navigate = route.useNavigate()
  const pages = useInfiniteQuery({
    queryKey: ['keys', 'uses', filter],
    queryFn: ({ signal, pageParam }) =>
      call(
        'GET /api/keys/uses',
        { query: { ...filter, ...(pageParam === null ? {} : { before: pageParam }) } },
        { signal },
      ),
    initialPageParam: null as string | null,
    getNextPageParam: (page) => page.next,
    refetchInterval: ({ state }) => (isReadingOn(state.data) ? false : 15_000),
  })
  const rows = pages.data?.pages.flatMap(({ uses }) => uses) ?? []
  const narrow = (search: UseSearch): void => {
    void navigate({ search, replace: true })
  }
  return (
    <PageBody>
      <PageHead
        title="Uses of keys"
        lead={
          <>
            Each was recorded before the key was touched, for <ClauseLink id="2.3-b" />. With the keyboard: j
            and k move, Enter opens, Esc closes.
          </>
        }
      />
      <RecoveryTabs />
      <div className="max-w-xs">
        <Choice
          label="What was done"
          choices={CHOICES}
          value={filter.action ?? ''}
          onChoose={(action) => {
            narrow(parseUseSearch({ action }))
          }}
        />
      </div>
      <Loaded query={pages} what="the uses of keys">
        {() =>
          rows.length > 0 ? (
            <Uses rows={rows} />
          ) : isNarrowed(filter) ? (
            <NothingFits
              what="use of keys"
              onClear={() => {
                narrow({})
              }}
            />
          ) : (
            <Empty title="No use yet">Keys are used as soon as something is sealed or read.</Empty>
          )
        }
      </Loaded>
      <MoreButton pages={pages}>Load older ones</MoreButton>
    </PageBody>
  )
}

const PARTS_OF_SYSTEM: readonly string[] = ['system', 'service']

/** Who used a key; a part of the system is called by its name, people and programs by kind and id. */
function by({ kind, id }: NonNullable<KeyUse['by']>): string {
  if (!PARTS_OF_SYSTEM.includes(kind)) return `${kind} ${id}`
  return kind === id ? `the ${kind}` : id
}

function Uses({ rows }: { readonly rows: readonly KeyUse[] }): ReactNode {
  return (
    <OpeningRows
      label="Uses of keys"
      rows={rows}
      aside={(one) => (
        <>
          <Outcome of={one} />
          <Moment at={one.at} />
        </>
      )}
      details={(one) => <Details of={one} />}
    >
      {(one) => (
        <>
          <span className="block">{ACTIONS[one.action]}</span>
          <span className="block text-sm text-muted wrap-anywhere">
            {one.ofPerson ? 'the key of a person in ' : 'keys of '}
            {ownerName(one.keysOf)}
            {one.by !== null && ` · by ${by(one.by)}`}
          </span>
        </>
      )}
    </OpeningRows>
  )
}

function Details({ of: one }: { readonly of: KeyUse }): ReactNode {
  return (
    <Facts
      facts={[
        ['When', exact(one.at)],
        ['By', one.by === null ? 'its event is not kept here any more' : `${one.by.kind} ${one.by.id}`],
        [
          'Event in the audit log',
          <code key="type" className="font-mono">
            key.{one.action}
          </code>,
        ],
        [
          'Number of the use',
          <code key="id" className="font-mono">
            {one.id}
          </code>,
        ],
      ]}
    />
  )
}

function Outcome({ of: { used, failed } }: { readonly of: KeyUse }): ReactNode {
  if (failed) return <Badge tone="bad">failed</Badge>
  return used ? null : <Badge tone="late">came to nothing</Badge>
}
