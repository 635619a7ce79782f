/** Rehearsals of a disaster: fourteen points after every full backup, and a game day every quarter that people sign. */
export { openKeysToLook } from './open-keys.ts'
export { runDrill } from './run-drill.ts'
export type { DrillParts } from './world.ts'
export type { DrillFigures, DrillReport } from './report.ts'
export { POINTS, type DrillPoint } from './points.ts'
