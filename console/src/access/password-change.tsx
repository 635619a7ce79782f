import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import { announce } from '../ui/announce.tsx'
import { Button } from '../ui/button.tsx'
import { TextField } from '../ui/field.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Panel, Section } from '../ui/page.tsx'
import { NewPassword } from './password-rules.tsx'

/** Changes the password; every other session ends with it. Policy 3.3-a. */
export function PasswordChange(): ReactNode {
  const [current, setCurrent] = useState('')
  const [next, setNext] = useState('')
  const queries = useQueryClient()
  const change = useMutation({
    mutationFn: () => call('POST /api/access/password', { body: { current, next } }),
    onSuccess: async () => {
      setCurrent('')
      setNext('')
      announce('The password was changed; other sessions were ended')
      await queries.invalidateQueries({ queryKey: ['sessions'] })
    },
  })
  return (
    <Section title="Password" lead="Changing it ends every other session.">
      <Panel className="p-4">
        <form
          className="flex max-w-md flex-col gap-4"
          onSubmit={(event) => {
            event.preventDefault()
            change.mutate()
          }}
        >
          {change.isError && <ProblemNotice error={change.error} focus />}
          <TextField
            label="Present password"
            type="password"
            autoComplete="current-password"
            required
            value={current}
            onChange={(event) => {
              setCurrent(event.currentTarget.value)
            }}
          />
          <NewPassword label="New password" value={next} onChange={setNext} />
          <Button type="submit" weight="primary" busy={change.isPending} className="self-start">
            Change password
          </Button>
        </form>
      </Panel>
    </Section>
  )
}
