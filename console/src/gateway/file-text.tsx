import { useState, type ReactNode } from 'react'
import { useMe } from '../session.tsx'
import { CopyButton } from '../ui/copy-button.tsx'
import { TextField } from '../ui/field.tsx'
import { reviewedText, type Method, type WrittenExclusion } from './reviewed-text.ts'

const QUARTER_MS = 90 * 86_400_000

/** Asks why, by whom and until when, and shows the text to put into the reviewed file; the console does not write that file. */
export function FileText({
  path,
  methods,
  exclusions,
}: {
  readonly path: string
  readonly methods: readonly Method[]
  readonly exclusions: readonly WrittenExclusion[]
}): ReactNode {
  const { account } = useMe()
  const [why, setWhy] = useState('')
  const [by, setBy] = useState(account?.name ?? '')
  const [until, setUntil] = useState(() => new Date(Date.now() + QUARTER_MS).toISOString().slice(0, 10))
  const complete = why.trim().length >= 3 && by.trim().length >= 3 && until !== ''
  const text = reviewedText({ path, methods }, exclusions, { why: why.trim(), by: by.trim(), until })
  return (
    <div className="flex flex-col gap-3">
      <h3 className="text-base">For the reviewed file</h3>
      <p className="text-muted">
        The console changes nothing: the file that <code className="font-mono">SURETY_FIREWALL</code> names is
        reviewed like code. Put this below <code className="font-mono">routes:</code>.
      </p>
      <TextField
        label="Why"
        hint="What is harmless about it, in a sentence"
        maxLength={500}
        value={why}
        onChange={(event) => {
          setWhy(event.currentTarget.value)
        }}
      />
      <div className="grid gap-3 tablet:grid-cols-2">
        <TextField
          label="Decided by"
          maxLength={120}
          value={by}
          onChange={(event) => {
            setBy(event.currentTarget.value)
          }}
        />
        <TextField
          label="Last day"
          type="date"
          value={until}
          onChange={(event) => {
            setUntil(event.currentTarget.value)
          }}
        />
      </div>
      {complete ? (
        <>
          <pre
            tabIndex={0}
            role="region"
            aria-label="Text for the reviewed file"
            className="overflow-x-auto rounded-small border border-line bg-sunk p-3 font-mono text-sm"
          >
            {text}
          </pre>
          <div>
            <CopyButton text={text} what="text for the reviewed file" />
          </div>
        </>
      ) : (
        <p className="text-muted">The text appears once it says why, by whom and until when.</p>
      )}
    </div>
  )
}
