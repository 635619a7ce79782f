import type { ReactNode } from 'react'
import { Tick } from './field.tsx'

/** Boxes to tick under one legend; `chosen` may also hold what other boxes offer, and keeps it. */
export function Ticks<Value extends string>({
  legend,
  offered,
  chosen,
  onChoose,
  row = false,
}: {
  readonly legend: string
  readonly offered: readonly {
    readonly value: Value
    readonly label: ReactNode
    readonly hint?: ReactNode
  }[]
  readonly chosen: readonly Value[]
  readonly onChoose: (chosen: readonly Value[]) => void
  /** Puts the boxes side by side. */
  readonly row?: boolean
}): ReactNode {
  return (
    <fieldset className={row ? 'flex flex-wrap gap-x-5 gap-y-2' : 'flex flex-col gap-2'}>
      <legend className="pb-1 font-strong">{legend}</legend>
      {offered.map(({ value, ...said }) => (
        <Tick
          key={value}
          {...said}
          checked={chosen.includes(value)}
          onChange={(event) => {
            onChoose(event.currentTarget.checked ? [...chosen, value] : chosen.filter((one) => one !== value))
          }}
        />
      ))}
    </fieldset>
  )
}
