import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Moment, useNow } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { keysQuery, ownKeysQuery, type ApiKeyRow } from './keys-api.ts'
import { RotateKey } from './rotate-key.tsx'

/** Keys with their scopes, their ends, and which took the place of which. Policy 4.3-a.2. */
export function KeyTable({
  keys,
  rotates,
  revokes,
}: {
  readonly keys: readonly ApiKeyRow[]
  readonly rotates: boolean
  /** Whose keys the person may end here: anybody’s of the workspace, or their own alone. */
  readonly revokes: 'any' | 'own' | null
}): ReactNode {
  const queries = useQueryClient()
  const revoke = useMutation({
    mutationFn: async (id: string) => {
      if (revokes === 'any') await call('POST /api/api-keys/:id/revoke', { params: { id } })
      else await call('POST /api/access/api-keys/:id/revoke', { params: { id } })
    },
    onSuccess: async () => {
      announce('The key was revoked; it is refused from now on')
      await queries.invalidateQueries({ queryKey: keysQuery.queryKey })
      await queries.invalidateQueries({ queryKey: ownKeysQuery.queryKey })
    },
  })
  return (
    <>
      {revoke.isError && <ProblemNotice error={revoke.error} focus />}
      <Table label="API keys" columns={['Name', 'Scopes', 'Made', 'Last used', 'Ends', 'Act']}>
        {keys.map((key) => (
          <Row key={key.id}>
            <KeyCells of={key} keys={keys} />
            <Cell of="Act" end>
              {(rotates || revokes !== null) && (
                <span className="flex flex-wrap justify-end gap-2">
                  {rotates && key.replacedBy === null && <RotateKey of={key} />}
                  {revokes !== null && (
                    <Button
                      weight="danger"
                      aria-label={`Revoke key ${key.label}, ${key.hint}`}
                      busy={revoke.isPending && revoke.variables === key.id}
                      onClick={() => {
                        revoke.mutate(key.id)
                      }}
                    >
                      Revoke
                    </Button>
                  )}
                </span>
              )}
            </Cell>
          </Row>
        ))}
      </Table>
    </>
  )
}

function KeyCells({ of, keys }: { readonly of: ApiKeyRow; readonly keys: readonly ApiKeyRow[] }): ReactNode {
  const over = Date.parse(of.expiresAt) <= useNow()
  const before = keys.find(({ id }) => id === of.replaces)
  return (
    <>
      <Cell of="Name">
        <span className="block">{of.label}</span>
        <code className="block font-mono text-sm text-muted">{of.hint}…</code>
        {before !== undefined && (
          <span className="block text-sm text-muted">
            in the place of <code className="font-mono">{before.hint}…</code>
          </span>
        )}
      </Cell>
      <Cell of="Scopes">
        <span className="flex flex-wrap justify-end gap-1 tablet:justify-start">
          {of.scopes.map((scope) => (
            <Badge key={scope}>{scope}</Badge>
          ))}
        </span>
      </Cell>
      <Cell of="Made">
        <Moment at={of.createdAt} />
      </Cell>
      <Cell of="Last used">{of.lastUsedAt === null ? 'never' : <Moment at={of.lastUsedAt} />}</Cell>
      <Cell of="Ends">
        <span className="block">
          {over && 'ended '}
          <Moment at={of.expiresAt} />
        </span>
        {of.replacedBy !== null && !over && <Badge tone="late">replaced, still good</Badge>}
      </Cell>
    </>
  )
}
