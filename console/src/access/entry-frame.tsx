import type { ReactNode } from 'react'
import { Panel } from '../ui/page.tsx'

/** The frame of the pages before anybody is signed in. */
export function EntryFrame({ children }: { readonly children: ReactNode }): ReactNode {
  return (
    <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center gap-6 px-4 py-8">
      <p className="flex items-center gap-2 text-lg font-strong">
        <img src="/console/mark.svg" alt="" className="size-7" />
        Surety
      </p>
      <Panel className="flex flex-col gap-5 p-6">{children}</Panel>
      <p className="text-sm text-muted">
        <a href="/trust" className="underline">
          The security policy that this system keeps
        </a>
      </p>
    </main>
  )
}
