import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import type { SensitivePermission } from '../../../platform/kernel/permission.ts'
import { call } from '../api.ts'
import { meQuery } from '../queries.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { DialogButton, useDialog } from '../ui/dialog-button.tsx'
import { TextArea, TextField } from '../ui/field.tsx'
import { Form } from '../ui/form.tsx'
import { Notice } from '../ui/notice.tsx'
import { Ticks } from '../ui/ticks.tsx'
import { elevationsQuery, permissionWords, type Elevations } from './elevations.ts'

const REASON_MIN = 10

/** Asks for an elevation, or takes one in an emergency; both need a reason. Policy 3.2-d. */
export function RequestElevation({
  of,
  emergency,
}: {
  readonly of: Elevations
  readonly emergency: boolean
}): ReactNode {
  const dialog = useDialog()
  return (
    <DialogButton
      dialog={dialog}
      words={emergency ? 'Break glass' : 'Ask for an elevation'}
      weight={emergency ? 'danger' : 'primary'}
      {...(emergency ? {} : { icon: 'plus' as const })}
    >
      <WishForm of={of} emergency={emergency} onDone={dialog.close} />
    </DialogButton>
  )
}

function WishForm({
  of,
  emergency,
  onDone,
}: {
  readonly of: Elevations
  readonly emergency: boolean
  readonly onDone: () => void
}): ReactNode {
  const [chosen, setChosen] = useState<readonly SensitivePermission[]>(
    of.eligible.length === 1 ? of.eligible : [],
  )
  const [reason, setReason] = useState('')
  const [minutes, setMinutes] = useState(of.minutesMax)
  const [workspace, setWorkspace] = useState('')
  const queries = useQueryClient()
  const { data: me } = useQuery(meQuery)
  const ask = useMutation({
    mutationFn: async () => {
      const support = chosen.includes('platform.support')
      const wish = {
        permissions: [...chosen],
        reason: reason.trim(),
        workspace: support ? workspace.trim() : null,
      }
      if (emergency) await call('POST /api/access/elevations/break-glass', { body: wish })
      else await call('POST /api/access/elevations', { body: { ...wish, minutes } })
    },
    onSuccess: async () => {
      announce(emergency ? 'Elevated; everybody concerned was told' : 'Asked; somebody else decides')
      onDone()
      await queries.invalidateQueries({ queryKey: elevationsQuery.queryKey })
      await queries.invalidateQueries({ queryKey: meQuery.queryKey })
    },
  })
  return (
    <Form
      intro={
        emergency && (
          <Notice tone="late">
            <strong>For emergencies, and while you are the only administrator</strong>
            <p>
              You get it at once, for {of.breakGlassMinutesMax} minutes. All staff and the security contact
              are told now, and somebody looks at it afterwards.
            </p>
          </Notice>
        )
      }
      error={ask.error}
      onSubmit={ask.mutate}
    >
      <Ticks
        legend="What for"
        offered={of.eligible.map((permission) => ({ value: permission, label: permissionWords(permission) }))}
        chosen={chosen}
        onChoose={setChosen}
      />
      {chosen.includes('platform.support') && (
        <TextField
          label="Workspace"
          hint={`The id of the customer’s workspace. Its owners see this in their audit log.${me?.workspace === null || me === undefined ? '' : ` Yours is ${me.workspace}.`}`}
          required
          className="font-mono"
          value={workspace}
          onChange={(event) => {
            setWorkspace(event.currentTarget.value)
          }}
        />
      )}
      {!emergency && (
        <TextField
          label="Minutes"
          hint={`At most ${of.minutesMax}, as the policy says.`}
          type="number"
          min={1}
          max={of.minutesMax}
          required
          value={String(minutes)}
          onChange={(event) => {
            setMinutes(event.currentTarget.valueAsNumber)
          }}
        />
      )}
      <TextArea
        label="Reason"
        hint="At least 10 characters; whoever decides and whoever reviews reads it."
        required
        minLength={REASON_MIN}
        maxLength={500}
        value={reason}
        onChange={(event) => {
          setReason(event.currentTarget.value)
        }}
      />
      <Button
        type="submit"
        weight={emergency ? 'danger' : 'primary'}
        busy={ask.isPending}
        disabled={chosen.length === 0}
      >
        {emergency ? 'Break glass now' : 'Ask'}
      </Button>
    </Form>
  )
}
