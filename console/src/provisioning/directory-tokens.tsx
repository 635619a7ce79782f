import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { OnceShown } from '../people/once-shown.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { Dialog } from '../ui/dialog.tsx'
import { Choice, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { directoryQuery, type Directory } from './provisioning-api.ts'

const ROTATED_DAYS = 365

/** Tokens by which a directory provisions people; each can be replaced without a gap. Policy 4.3-a.2. */
export function DirectoryTokens({ tokens }: { readonly tokens: Directory['tokens'] }): ReactNode {
  const queries = useQueryClient()
  const live = tokens.filter(({ revokedAt }) => revokedAt === null)
  const renew = (): Promise<void> => queries.invalidateQueries({ queryKey: directoryQuery.queryKey })
  const revoke = useMutation({
    mutationFn: (id: string) => call('POST /api/access/directory/tokens/:id/revoke', { params: { id } }),
    onSuccess: async () => {
      announce('The token was revoked')
      await renew()
    },
  })
  const rotate = useMutation({
    mutationFn: (id: string) =>
      call('POST /api/access/directory/tokens/:id/rotate', {
        params: { id },
        body: { expiresInDays: ROTATED_DAYS },
      }),
  })
  const problem = revoke.error ?? rotate.error
  return (
    <Section
      title="Directory tokens"
      lead="For Entra, Okta and other directories that speak SCIM."
      aside={<NewToken />}
    >
      {problem !== null && <ProblemNotice error={problem} focus />}
      {live.length === 0 ? (
        <Empty title="No directory is connected">
          Make a token, and enter it with the SCIM address in your directory.
        </Empty>
      ) : (
        <Table label="Directory tokens" columns={['Name', 'Last used', 'Ends', 'Act']}>
          {live.map((token) => (
            <Row key={token.id}>
              <Cell of="Name">
                <span className="block">{token.label}</span>
                <code className="font-mono text-sm text-muted">{token.hint}…</code>
              </Cell>
              <Cell of="Last used">
                {token.lastUsedAt === null ? 'never' : <Moment at={token.lastUsedAt} />}
              </Cell>
              <Cell of="Ends">
                <Moment at={token.expiresAt} />
              </Cell>
              <Cell of="Act" end>
                <span className="flex flex-wrap justify-end gap-2">
                  <Button
                    aria-label={`Replace token ${token.label}`}
                    busy={rotate.isPending && rotate.variables === token.id}
                    onClick={() => {
                      rotate.mutate(token.id)
                    }}
                  >
                    Replace
                  </Button>
                  <Button
                    weight="danger"
                    aria-label={`Revoke token ${token.label}`}
                    busy={revoke.isPending && revoke.variables === token.id}
                    onClick={() => {
                      revoke.mutate(token.id)
                    }}
                  >
                    Revoke
                  </Button>
                </span>
              </Cell>
            </Row>
          ))}
        </Table>
      )}
      <Dialog
        open={rotate.data !== undefined}
        lasting
        title="The new token"
        onClose={() => {
          rotate.reset()
          void renew()
        }}
      >
        {rotate.data !== undefined && (
          <OnceShown
            what="directory token"
            secret={rotate.data.token}
            onDone={() => {
              rotate.reset()
              void renew()
            }}
          >
            Shown only now. The token before it stays good for a day, so that nothing stops meanwhile.
          </OnceShown>
        )}
      </Dialog>
    </Section>
  )
}

function NewToken(): ReactNode {
  const queries = useQueryClient()
  const [label, setLabel] = useState('')
  const [days, setDays] = useState<'90' | '365'>('365')
  const make = useMutation({
    mutationFn: () =>
      call('POST /api/access/directory/tokens', {
        body: { label: label.trim(), expiresInDays: Number(days) },
      }),
  })
  const dialog = useDialog(() => {
    setLabel('')
    make.reset()
    void queries.invalidateQueries({ queryKey: directoryQuery.queryKey })
  })
  return (
    <DialogButton dialog={dialog} words="New directory token" icon="plus" lasting={make.isSuccess}>
      {make.data === undefined ? (
        <Form error={make.error} onSubmit={make.mutate}>
          <TextField
            label="Name"
            hint="The directory that will use it"
            required
            maxLength={60}
            value={label}
            onChange={(event) => {
              setLabel(event.currentTarget.value)
            }}
          />
          <Choice
            label="Ends after"
            choices={{ '90': '90 days', '365': '1 year' }}
            value={days}
            onChoose={setDays}
          />
          <Button type="submit" weight="primary" busy={make.isPending}>
            Make the token
          </Button>
        </Form>
      ) : (
        <OnceShown what="directory token" secret={make.data.token} onDone={dialog.close}>
          This token is shown only now; only its hash is kept. Enter it in your directory.
        </OnceShown>
      )}
    </DialogButton>
  )
}
