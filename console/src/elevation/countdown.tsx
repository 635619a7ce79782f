import { useEffect, useState, type ReactNode } from 'react'
import { exact } from '../ui/moment.tsx'

/** Minutes and seconds until a moment, counted down live; “over” afterwards. */
export function Countdown({ until }: { readonly until: string }): ReactNode {
  const [now, setNow] = useState(Date.now)
  useEffect(() => {
    const timer = window.setInterval(() => {
      setNow(Date.now())
    }, 1000)
    return () => {
      window.clearInterval(timer)
    }
  }, [])
  const left = Math.max(0, Math.ceil((Date.parse(until) - now) / 1000))
  const words = left === 0 ? 'over' : `${Math.floor(left / 60)}:${String(left % 60).padStart(2, '0')}`
  // A screen reader is told the end once instead of every second.
  return (
    <time dateTime={until} title={exact(until)} className="tabular-nums" aria-label={`until ${exact(until)}`}>
      {words}
    </time>
  )
}
