import { useMutation } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { call, type Wire } from '../api.ts'
import type { Rule, RuleVerdict } from '../contract/inbox.ts'
import { Button } from '../ui/button.tsx'
import { TextField, Tick } from '../ui/field.tsx'
import { ProblemNotice } from '../ui/notice.tsx'
import { Panel, Section } from '../ui/page.tsx'

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
export function RulePreview({ rules }: { readonly rules: readonly Wire<Rule>[] }): ReactNode {
  const [text, setText] = useState('')
  const [first, setFirst] = useState(false)
  const preview = useMutation({
    mutationFn: () => call('POST /inbox/rules/preview', { body: { text, first, channelId: null } }),
  })
  const nameOf = (id: string): string => rules.find((rule) => rule.id === id)?.name ?? 'a removed rule'
  const chosen = rules.find(({ id }) => id === preview.data?.chosen)
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
                {chosen === undefined ? 'No rule answers; a person has to.' : `“${chosen.name}” answers:`}
              </p>
              {chosen !== undefined && (
                <p className="border-l-2 border-accent pl-3 whitespace-pre-wrap">{chosen.reply}</p>
              )}
              <ul className="pt-2 text-sm text-muted">
                {preview.data.verdicts.map(({ rule, verdict }) => (
                  <li key={rule}>
                    {nameOf(rule)}: {VERDICTS[verdict]}
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
