import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useEffect, useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { useMe } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { Notice, ProblemNotice } from '../ui/notice.tsx'
import { Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'

const QUERY_KEY = ['upstream-links']

/** Why a provider's answer linked nothing. */
const REFUSALS: Readonly<Record<string, string>> = {
  'e-mail':
    'The provider did not vouch for the e-mail address of your account, or its domain is not one that your workspace named.',
  taken: 'The company account belongs to another account here, or yours is linked already.',
  session: 'Your session or workspace changed in between. Try again.',
  answer: 'The provider’s answer could not be believed. Try again, or ask your administrator.',
  'unknown-way': 'It took too long, or came back in another browser. Try again.',
  'no-connection': 'The company sign-in was removed in between.',
}

/** What the way to the provider ended with: `linked`, or a refusal; null when nobody came back. */
function takeResult(): string | null {
  return /^#upstream=([a-z.-]+)$/.exec(location.hash)?.[1] ?? null
}

/** Accounts of companies by which the person may sign in. Policy 3.1-0. */
export function CompanyLink(): ReactNode {
  const me = useMe()
  const [result] = useState(takeResult)
  useEffect(() => {
    if (location.hash !== '') history.replaceState(history.state, '', location.pathname)
  }, [])
  const links = useQuery({
    queryKey: QUERY_KEY,
    queryFn: ({ signal }) => call('GET /api/access/upstream/links', {}, { signal }),
  })
  const link = useMutation({
    mutationFn: () => call('POST /api/access/upstream/link'),
    onSuccess: ({ location: to }) => {
      location.assign(to)
    },
  })
  return (
    <Section
      title="Company sign-in"
      lead="If your workspace set it up: the provider of your company instead of the password. The second factor is still asked for."
      aside={
        me.workspace !== null && (
          <Button
            busy={link.isPending}
            onClick={() => {
              link.mutate()
            }}
          >
            Link my company account
          </Button>
        )
      }
    >
      {result !== null && <Result of={result} />}
      {link.isError && <ProblemNotice error={link.error} focus />}
      <Loaded query={links} what="the links">
        {(data) =>
          data.links.length > 0 ? (
            <Links rows={data.links} />
          ) : (
            <Empty title="Not linked">You sign in with your password or a passkey.</Empty>
          )
        }
      </Loaded>
    </Section>
  )
}

function Result({ of }: { readonly of: string }): ReactNode {
  if (of === 'linked')
    return (
      <Notice tone="good">
        <p role="status">Linked. From now on you can sign in with your company account.</p>
      </Notice>
    )
  return (
    <Notice tone="late">
      <strong>Nothing was linked</strong>
      <p role="status">{REFUSALS[of] ?? 'The provider’s answer was refused. Ask your administrator.'}</p>
    </Notice>
  )
}

interface LinkRow {
  readonly id: string
  readonly issuer: string
  readonly createdAt: string
  readonly lastUsedAt: string | null
}

function Links({ rows }: { readonly rows: readonly LinkRow[] }): ReactNode {
  const queries = useQueryClient()
  const remove = useMutation({
    mutationFn: (id: string) => call('POST /api/access/upstream/links/:id/remove', { params: { id } }),
    onSuccess: async () => {
      announce('The link was removed')
      await queries.invalidateQueries({ queryKey: QUERY_KEY })
    },
  })
  return (
    <>
      {remove.isError && <ProblemNotice error={remove.error} focus />}
      <Table label="Company accounts" columns={['Provider', 'Linked', 'Last used', 'Act']}>
        {rows.map((one) => (
          <Row key={one.id}>
            <Cell of="Provider">{one.issuer}</Cell>
            <Cell of="Linked">
              <Moment at={one.createdAt} />
            </Cell>
            <Cell of="Last used">{one.lastUsedAt === null ? 'never' : <Moment at={one.lastUsedAt} />}</Cell>
            <Cell of="Act" end>
              <Button
                weight="danger"
                aria-label={`Remove the link to ${one.issuer}`}
                busy={remove.isPending && remove.variables === one.id}
                onClick={() => {
                  remove.mutate(one.id)
                }}
              >
                Remove
              </Button>
            </Cell>
          </Row>
        ))}
      </Table>
    </>
  )
}
