import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call } from '../api.ts'
import type { RuleVerdict } from '../contract/inbox.ts'
import { Button } from '../ui/button.tsx'
import { Choice, TextField, Tick } from '../ui/field.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Panel, Section } from '../ui/page.tsx'
import { useChannels } from './channels.ts'

const VERDICTS: Readonly<Record<RuleVerdict, string>> = {
  fires: 'answers',
  off: 'is switched off',
  'other-channel': 'is for another channel',
  'not-first': 'answers first messages only',
  'no-word': 'none of its words occurs',
  'cooling-down': 'answered a short while ago',
  'another-first': 'fits too, but another one stands before it',
}

/** Which rule would answer a message, and why the others would not. Nothing is sent. */
export function RulePreview(): ReactNode {
  const channels = useChannels() ?? []
  const [chosenChannel, setChannel] = useState('')
  const channelId = chosenChannel === '' ? (channels[0]?.id ?? '') : chosenChannel
  const [text, setText] = useState('')
  const [first, setFirst] = useState(false)
  const preview = useMutation({
    mutationFn: () => call('POST /inbox/rules/preview', { body: { text, first, channelId } }),
  })
  const fires = preview.data?.rules.find(({ verdict }) => verdict === 'fires')
  if (channels.length === 0) return null
  return (
    <Section title="Try a message" lead="Which rule would answer, and why not the others? Nothing is sent.">
      <Panel className="flex flex-col gap-4 p-4">
        <form
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault()
            preview.mutate()
          }}
        >
          <TextField
            label="Message"
            required
            value={text}
            onChange={(event) => {
              setText(event.currentTarget.value)
            }}
          />
          {channels.length > 1 && (
            <Choice
              label="Arrives on"
              choices={Object.fromEntries(channels.map(({ id, name }) => [id, name]))}
              value={channelId}
              onChoose={setChannel}
            />
          )}
          <Tick
            label="It is the contact’s first message"
            checked={first}
            onChange={(event) => {
              setFirst(event.currentTarget.checked)
            }}
          />
          <Button type="submit" busy={preview.isPending} className="self-start">
            Preview
          </Button>
        </form>
        {preview.isError && <ProblemNotice error={preview.error} focus />}
        <div role="status">
          {preview.data !== undefined && (
            <>
              <p className="font-strong">
                {fires === undefined ? 'No rule answers; a person has to.' : `“${fires.name}” answers:`}
              </p>
              {preview.data.reply !== null && (
                <p className="border-l-2 border-accent pl-3 whitespace-pre-wrap">{preview.data.reply}</p>
              )}
              <ul className="pt-2 text-sm text-muted">
                {preview.data.rules.map(({ id, name, verdict }) => (
                  <li key={id}>
                    {name}: {VERDICTS[verdict]}
                  </li>
                ))}
              </ul>
            </>
          )}
        </div>
      </Panel>
    </Section>
  )
}
