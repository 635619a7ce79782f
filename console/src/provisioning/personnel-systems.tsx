import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { OnceShown } from '../people/once-shown.tsx'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Moment } from '../ui/moment.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Empty, Section } from '../ui/page.tsx'
import { Cell, Row, Table } from '../ui/table.tsx'
import { directoryQuery, type Directory } from './provisioning-api.ts'

/** Personnel systems that tell by signed messages who joins, moves and leaves. Policy 3.2-c. */
export function PersonnelSystems({ systems }: { readonly systems: Directory['personnel'] }): ReactNode {
  const queries = useQueryClient()
  const live = systems.filter(({ revokedAt }) => revokedAt === null)
  const disconnect = useMutation({
    mutationFn: (id: string) => call('POST /api/access/personnel/:id/disconnect', { params: { id } }),
    onSuccess: async () => {
      announce('Disconnected')
      await queries.invalidateQueries({ queryKey: directoryQuery.queryKey })
    },
  })
  return (
    <Section
      title="Personnel systems"
      lead="Each message is signed (HMAC-SHA-256) and counts once."
      aside={<Connect />}
    >
      {disconnect.isError && <ProblemNotice error={disconnect.error} focus />}
      {live.length === 0 ? (
        <Empty title="No personnel system is connected">
          Connect one, and it can say who leaves on which day; access ends on that day by itself.
        </Empty>
      ) : (
        <Table label="Personnel systems" columns={['Name', 'Address', 'Last message', 'Act']}>
          {live.map((one) => (
            <Row key={one.id}>
              <Cell of="Name">{one.label}</Cell>
              <Cell of="Address">
                <code className="font-mono text-sm wrap-anywhere">/api/access/hr/{one.id}</code>
              </Cell>
              <Cell of="Last message">
                {one.lastUsedAt === null ? 'never' : <Moment at={one.lastUsedAt} />}
              </Cell>
              <Cell of="Act" end>
                <Button
                  weight="danger"
                  aria-label={`Disconnect ${one.label}`}
                  busy={disconnect.isPending && disconnect.variables === one.id}
                  onClick={() => {
                    disconnect.mutate(one.id)
                  }}
                >
                  Disconnect
                </Button>
              </Cell>
            </Row>
          ))}
        </Table>
      )}
    </Section>
  )
}

function Connect(): ReactNode {
  const queries = useQueryClient()
  const [label, setLabel] = useState('')
  const connect = useMutation({
    mutationFn: () => call('POST /api/access/personnel', { body: { label: label.trim() } }),
  })
  const dialog = useDialog(() => {
    setLabel('')
    connect.reset()
    void queries.invalidateQueries({ queryKey: directoryQuery.queryKey })
  })
  return (
    <DialogButton dialog={dialog} words="Connect a personnel system" icon="plus" lasting={connect.isSuccess}>
      {connect.data === undefined ? (
        <Form error={connect.error} onSubmit={connect.mutate}>
          <TextField
            label="Name"
            required
            maxLength={60}
            value={label}
            onChange={(event) => {
              setLabel(event.currentTarget.value)
            }}
          />
          <Button type="submit" weight="primary" busy={connect.isPending}>
            Connect
          </Button>
        </Form>
      ) : (
        <OnceShown what="signing secret" secret={connect.data.secret} onDone={dialog.close}>
          This secret is shown only now. The system signs each message with it and sends it to{' '}
          <code className="font-mono wrap-anywhere">/api/access/hr/{connect.data.id}</code>.
        </OnceShown>
      )}
    </DialogButton>
  )
}
