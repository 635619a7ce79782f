import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { useMay } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Empty, Loading, PageBody, PageHead } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { NewApiKey } from './new-api-key.tsx'

/** Keys for programs: what each may do, until when, and how to end it. Policy 4.3-a.2. */
export function ApiKeysPage(): ReactNode {
  const may = useMay('api-key.edit')
  const queries = useQueryClient()
  const { data, error, refetch } = useQuery({
    queryKey: ['api-keys'],
    queryFn: ({ signal }) => call('GET /api/api-keys', {}, { signal }),
  })
  const keys = data?.keys.filter(({ revokedAt }) => revokedAt === null) ?? []
  const revoke = useMutation({
    mutationFn: (id: string) => call('POST /api/api-keys/:id/revoke', { params: { id } }),
    onSuccess: async () => {
      announce('The key was revoked; it is refused from now on')
      await queries.invalidateQueries({ queryKey: ['api-keys'] })
    },
  })
  return (
    <PageBody>
      <PageHead
        title="API keys"
        lead="For programs. A key may do no more than its scopes and than the person who made it."
      >
        {may && <NewApiKey scopes={data?.scopes ?? []} />}
      </PageHead>
      {error !== null && (
        <ProblemNotice
          error={error}
          retry={() => {
            void refetch()
          }}
        />
      )}
      {revoke.isError && <ProblemNotice error={revoke.error} focus />}
      {data === undefined && error === null && <Loading what="the keys" />}
      {data !== undefined && keys.length === 0 && (
        <Empty title="No API keys">
          A program sends its key as “Authorization: Bearer sk_…”. Make one for each program, with the least
          scopes that it needs.
        </Empty>
      )}
      {keys.length > 0 && (
        <Table label="API keys" columns={['Name', 'Scopes', 'Made', 'Last used', 'Ends', 'Act']}>
          {keys.map((key) => (
            <Row key={key.id}>
              <Cell of="Name">
                <span className="block">{key.label}</span>
                <code className="font-mono text-sm text-muted">{key.hint}…</code>
              </Cell>
              <Cell of="Scopes">
                <span className="flex flex-wrap justify-end gap-1 tablet:justify-start">
                  {key.scopes.map((scope) => (
                    <Badge key={scope}>{scope}</Badge>
                  ))}
                </span>
              </Cell>
              <Cell of="Made">
                <Moment at={key.createdAt} />
              </Cell>
              <Cell of="Last used">{key.lastUsedAt === null ? 'never' : <Moment at={key.lastUsedAt} />}</Cell>
              <Cell of="Ends">
                <Moment at={key.expiresAt} />
              </Cell>
              <Cell of="Act" end>
                {may && (
                  <Button
                    weight="danger"
                    aria-label={`Revoke key ${key.label}`}
                    busy={revoke.isPending && revoke.variables === key.id}
                    onClick={() => {
                      revoke.mutate(key.id)
                    }}
                  >
                    Revoke
                  </Button>
                )}
              </Cell>
            </Row>
          ))}
        </Table>
      )}
    </PageBody>
  )
}
