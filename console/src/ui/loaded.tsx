import type { ReactNode } from 'react'
import { ProblemNotice } from './notice.tsx'
import { Loading } from './page.tsx'

/** What `Loaded` needs of the result of a query. */
interface Query<Data> {
  readonly data: Data | undefined
  readonly error: Error | null
  readonly isEnabled: boolean
  readonly refetch: () => Promise<unknown>
}

/** What a query answered, or that it is on its way; a refusal stands above it with a way to ask again. */
export function Loaded<Data>({
  query,
  what,
  children,
}: {
  readonly query: Query<Data>
  /** What is loading, such as “the roles”. */
  readonly what: string
  readonly children: (data: Data) => ReactNode
}): ReactNode {
  const { data, error, isEnabled, refetch } = query
  return (
    <>
      {error !== null && (
        <ProblemNotice
          error={error}
          retry={() => {
            void refetch()
          }}
        />
      )}
      {data !== undefined && children(data)}
      {data === undefined && error === null && isEnabled && <Loading what={what} />}
    </>
  )
}
