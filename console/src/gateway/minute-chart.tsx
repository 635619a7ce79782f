import type { ReactNode } from 'react'
import { Panel } from '../ui/page.tsx'
import { timeOfDay, useNow } from '../ui/moment.tsx'

/** One minute of traffic. */
interface ChartMinute {
  readonly at: string
  readonly requests: number
  readonly refused: number
}

const MINUTES = 60
const HEIGHT = 96
const STEP = 10

/** Requests of the last hour, a bar for each minute; the refused part of a bar is hatched, and the figures stand in a table below. */
export function MinuteChart({ minutes }: { readonly minutes: readonly ChartMinute[] }): ReactNode {
  const now = useNow()
  const slots = slotsOf(minutes, now)
  const most = Math.max(1, ...slots.map(({ requests }) => requests))
  const busiest = slots.findLast(({ requests }) => requests === most)
  const seen = slots.filter(({ requests }) => requests > 0)
  return (
    <Panel className="flex flex-col gap-2 p-4">
      <svg
        role="img"
        aria-label={`Requests a minute in the last hour, at most ${most}`}
        viewBox={`0 0 ${MINUTES * STEP} ${HEIGHT}`}
        preserveAspectRatio="none"
        className="h-24 w-full text-accent"
      >
        <defs>
          <pattern id="refused" width="4" height="4" patternUnits="userSpaceOnUse">
            <rect width="4" height="4" className="fill-bad-tint" />
            <path d="M0 4 4 0" className="stroke-bad" strokeWidth="1.5" />
          </pattern>
        </defs>
        <path
          d={`M0 ${HEIGHT - 0.5}H${MINUTES * STEP}`}
          className="stroke-line"
          vectorEffect="non-scaling-stroke"
        />
        {slots.map((slot, at) => {
          const whole = barOf(slot.requests, most)
          const refused = Math.min(whole, barOf(slot.refused, most))
          return (
            <g key={slot.at}>
              <rect
                x={at * STEP + 1}
                y={HEIGHT - whole}
                width={STEP - 2}
                height={whole - refused}
                fill="currentColor"
              />
              <rect
                x={at * STEP + 1}
                y={HEIGHT - refused}
                width={STEP - 2}
                height={refused}
                fill="url(#refused)"
              />
            </g>
          )
        })}
      </svg>
      <p className="flex flex-wrap justify-between gap-x-4 text-sm text-muted">
        <span>an hour ago</span>
        <span>
          {busiest === undefined
            ? 'no requests'
            : `most: ${most} at ${timeOfDay(busiest.at)} · hatched: refused`}
        </span>
        <span>now</span>
      </p>
      {seen.length > 0 && (
        <details className="text-sm">
          <summary className="tap inline-flex items-center text-accent underline">The figures</summary>
          <div
            className="max-h-64 overflow-auto"
            tabIndex={0}
            role="region"
            aria-label="Figures of the last hour"
          >
            <table className="w-full max-w-md">
              <thead>
                <tr className="text-left text-muted">
                  <th scope="col">Minute</th>
                  <th scope="col" className="text-right">
                    Requests
                  </th>
                  <th scope="col" className="text-right">
                    Refused
                  </th>
                </tr>
              </thead>
              <tbody>
                {seen.toReversed().map((slot) => (
                  <tr key={slot.at}>
                    <td>{timeOfDay(slot.at)}</td>
                    <td className="text-right">{slot.requests}</td>
                    <td className="text-right">{slot.refused}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
        </details>
      )}
    </Panel>
  )
}

/** A count that is not nothing stays visible. */
function barOf(count: number, most: number): number {
  return count === 0 ? 0 : Math.max(3, Math.round((count / most) * (HEIGHT - 4)))
}

/** Sixty minutes without a gap, the present one last. */
function slotsOf(minutes: readonly ChartMinute[], now: number): readonly ChartMinute[] {
  const known = new Map(minutes.map((one) => [Date.parse(one.at), one]))
  // Its clock may be ahead of this one.
  const newest = Math.max(Math.floor(now / 60_000) * 60_000, ...known.keys())
  return Array.from({ length: MINUTES }, (_, index) => {
    const start = newest - (MINUTES - 1 - index) * 60_000
    return known.get(start) ?? { at: new Date(start).toISOString(), requests: 0, refused: 0 }
  })
}
