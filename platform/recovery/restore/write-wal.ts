import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { OnProgress, WalPlan } from '#backup'
import { writeNew } from './lasting-folder.ts'
import { inOrder, type RegionReading } from './region-reading.ts'

/** How many segments are read at the same time. */
const AHEAD = 3

const historyName = (timeline: number): string =>
  `${timeline.toString(16).toUpperCase().padStart(8, '0')}.history`

/** Puts the segments of a plan and the histories of its timelines where the recovery finds them without asking anybody. */
export async function writeWal(request: {
  readonly plan: WalPlan
  readonly reading: RegionReading
  readonly folder: string
  readonly onProgress: OnProgress
}): Promise<void> {
  const { plan, reading, onProgress } = request
  const folder = join(request.folder, 'pg_wal')
  for (const part of [folder, join(folder, 'archive_status'), join(folder, 'summaries')])
    await mkdir(part, { recursive: true, mode: 0o700 })
  for (const timeline of plan.histories)
    await writeNew(join(folder, historyName(timeline)), await reading.history(timeline))
  const totalBytes = plan.segments.length * plan.segmentBytes
  let at = 0
  for await (const bytes of inOrder(plan.segments, reading.segment, AHEAD)) {
    const segment = plan.segments[at]
    if (segment === undefined) throw new Error('more segments were read than were planned')
    await writeNew(join(folder, segment.segment), bytes)
    at += 1
    onProgress({ step: 'log', doneBytes: at * plan.segmentBytes, totalBytes })
  }
}
