import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { call } from '../api.ts'
import { OnceShown } from '../people/once-shown.tsx'
import { useMay } from '../session.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Loaded } from '../ui/loaded.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Badge, Empty, PageBody, PageHead } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { NewProgram } from './new-program.tsx'
import { programsQuery, type Program } from './programs-api.ts'

const OVERLAP_HOURS = 24

/** Programs that act by OAuth 2.0: what each may do, until when, and how to end it. Policy 4.3-a.2. */
export function ProgramsPage(): ReactNode {
  const may = useMay('client.edit')
  const programs = useQuery(programsQuery)
  return (
    <PageBody>
      <PageHead
        title="Programs"
        lead="They act by OAuth 2.0, in their own name or in a person’s, and never beyond what whoever registered them may do."
      >
        {may && programs.data !== undefined && <NewProgram offered={programs.data.scopes} />}
      </PageHead>
      <Loaded query={programs} what="the programs">
        {(data) => {
          const live = data.clients.filter(({ revokedAt }) => revokedAt === null)
          return live.length === 0 ? (
            <Empty title="No programs">
              Register one that signs people in with Surety, or that asks for tokens in its own name at{' '}
              <code className="font-mono">/oauth/token</code>.
            </Empty>
          ) : (
            <Programs rows={live} may={may} />
          )
        }}
      </Loaded>
    </PageBody>
  )
}

function Programs({ rows, may }: { readonly rows: readonly Program[]; readonly may: boolean }): ReactNode {
  const queries = useQueryClient()
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: programsQuery.queryKey })
  const revoke = useMutation({
    mutationFn: (id: string) => call('POST /api/clients/:id/revoke', { params: { id } }),
    onSuccess: async () => {
      announce('Revoked, with every token of it')
      await renew()
    },
  })
  const rotate = useMutation({
    mutationFn: (id: string) =>
      call('POST /api/clients/:id/secret', { params: { id }, body: { overlapHours: OVERLAP_HOURS } }),
  })
  const problem = revoke.error ?? rotate.error
  const close = (): void => {
    rotate.reset()
    void renew()
  }
  return (
    <>
      {problem !== null && <ProblemNotice error={problem} focus />}
      <Table label="Programs" columns={['Program', 'Scopes', 'Last used', 'Ends', 'Act']}>
        {rows.map((one) => (
          <Row key={one.id}>
            <Cell of="Program">
              <span className="block">{one.name}</span>
              <code className="font-mono text-sm wrap-anywhere text-muted">{one.id}</code>
              {one.dpop && <Badge>tokens bound to its key</Badge>}
            </Cell>
            <Cell of="Scopes">
              <span className="flex flex-wrap justify-end gap-1 tablet:justify-start">
                {one.scopes.map((scope) => (
                  <Badge key={scope}>{scope}</Badge>
                ))}
              </span>
            </Cell>
            <Cell of="Last used">{one.lastUsedAt === null ? 'never' : <Moment at={one.lastUsedAt} />}</Cell>
            <Cell of="Ends">
              <Moment at={one.expiresAt} />
            </Cell>
            <Cell of="Act" end>
              {may && (
                <span className="flex flex-wrap justify-end gap-2">
                  {one.secrets.length > 0 && (
                    <Button
                      aria-label={`New secret for ${one.name}`}
                      busy={rotate.isPending && rotate.variables === one.id}
                      onClick={() => {
                        rotate.mutate(one.id)
                      }}
                    >
                      New secret
                    </Button>
                  )}
                  <Button
                    weight="danger"
                    aria-label={`Revoke ${one.name}`}
                    busy={revoke.isPending && revoke.variables === one.id}
                    onClick={() => {
                      revoke.mutate(one.id)
                    }}
                  >
                    Revoke
                  </Button>
                </span>
              )}
            </Cell>
          </Row>
        ))}
      </Table>
      <Dialog open={rotate.data !== undefined} lasting title="The new secret" onClose={close}>
        {rotate.data !== undefined && (
          <OnceShown what="client secret" secret={rotate.data.secret} onDone={close}>
            Shown only now. The secret before it stays good for a day.
          </OnceShown>
        )}
      </Dialog>
    </>
  )
}
