import { errorRecord, type Log } from '../../kernel/log.ts'
import { Problem } from '../../kernel/problem.ts'
import { route } from '../../kernel/route.ts'
import { uuid, z } from '../../kernel/schema.ts'
import { recoveryPoint, recoveryTest, recoveryTime } from '../parameters.ts'
import { DRILL_TYPES } from '../restore/index.ts'
import { beginDrill, drillNow, finishDrill, type DrillHouse } from './drills.ts'
import { GAPS, gameDayDueAt, nextType, signGameDay } from './game-days.ts'
import type { DrillPoint } from './points.ts'
import { newestDrills, signOffsOf, type DrillRow, type SignOffRow } from './queries.ts'
import type { DrillFigures } from './report.ts'

/** Drills that are shown. */
const DRILLS_MAX = 100

function shown(row: DrillRow, signed: readonly SignOffRow[]) {
  return {
    id: row.id,
    type: row.type,
    reason: row.reason,
    askedBy: { kind: row.asked_by_kind, id: row.asked_by_id },
    backup: row.backup,
    region: row.region,
    beganAt: row.began_at.toISOString(),
    endedAt: row.ended_at?.toISOString() ?? null,
    state: row.state as 'running' | 'passed' | 'failed',
    says: row.says,
    // As this program wrote them.
    points: (row.points ?? []) as unknown as readonly DrillPoint[],
    figures: row.figures as unknown as DrillFigures | null,
    signOffs: signed
      .filter(({ drill }) => drill === row.id)
      .map((one) => ({
        account: one.account_id,
        at: one.signed_at.toISOString(),
        gaps: one.gaps,
        reference: one.reference,
      })),
  }
}

/** Everything there is to see of drills. */
async function drillsView(house: DrillHouse) {
  const { db, policy } = house
  const rows = await newestDrills(db, DRILLS_MAX)
  const signed = await signOffsOf(
    db,
    rows.map(({ id }) => id),
  )
  return {
    drills: rows.map((row) => shown(row, signed)),
    limits: {
      recoverySeconds: policy.read(recoveryTime),
      lossSeconds: policy.read(recoveryPoint),
      testSeconds: policy.read(recoveryTest),
    },
    gameDay: { opensAt: (await gameDayDueAt(house)).toISOString(), type: await nextType(house) },
    gaps: GAPS,
  }
}

const type = z.enum(DRILL_TYPES)

/** Seeing drills and beginning one. */
function staffRoutes(house: DrillHouse, log: Pick<Log, 'error'>) {
  return [
    route({
      method: 'GET',
      path: '/api/recovery/drills',
      permission: 'recovery.read',
      event: { none: 'reads how drills went' },
      handle: () => drillsView(house),
    }),
    route({
      method: 'POST',
      path: '/api/recovery/drills',
      permission: 'recovery.change',
      fresh: true,
      perMinute: 6,
      event: 'drill.asked',
      body: z.strictObject({ type, gameDay: z.boolean() }),
      handle: async ({ caller, body }) => {
        if (body.type === 'key-loss')
          throw new Problem(
            'resource.conflict',
            'The key from escrow is brought to the machine: surety backup drill key-loss --escrow FOLDER.',
          )
        const actor = { kind: caller.kind, id: caller.id }
        const reason = body.gameDay ? 'game-day' : 'asked'
        const begun = await beginDrill(house, { type: body.type, reason, actor })
        // It takes longer than anybody waits for an answer; how it went is kept.
        finishDrill(house, begun).catch((error: unknown) => log.error(errorRecord(error), 'a drill failed'))
        return { id: begun.id }
      },
    }),
  ] as const
}

/** Signing a game day, and drilling from the machine. */
function actingRoutes(house: DrillHouse) {
  return [
    route({
      method: 'POST',
      path: '/api/recovery/drills/:id/sign-off',
      permission: 'recovery.change',
      fresh: true,
      event: 'drill.signed',
      params: z.strictObject({ id: uuid }),
      body: z.strictObject({
        gaps: z.array(z.enum(GAPS)).max(GAPS.length),
        reference: z
          .string()
          .regex(/^[0-9A-Za-z][0-9A-Za-z./_-]{0,59}$/)
          .nullable(),
      }),
      handle: async ({ caller, params, body }) => {
        const actor = { kind: caller.kind, id: caller.id }
        await signGameDay(house, { drill: params.id, account: caller.id, ...body }, actor)
        return { signed: true } as const
      },
    }),
    route({
      surface: 'operator',
      permission: 'operator.local',
      method: 'POST',
      path: '/recovery/drill',
      event: 'drill.asked',
      body: z.strictObject({
        type: type.optional(),
        gameDay: z.boolean().optional(),
        escrow: z.string().max(4096).optional(),
      }),
      handle: ({ body, caller }) =>
        drillNow(house, {
          type: body.type ?? 'restore',
          reason: body.gameDay === true ? 'game-day' : 'asked',
          actor: { kind: caller.kind, id: caller.id },
          escrow: body.escrow,
        }),
    }),
  ] as const
}

/** Drills: staff see and begin them and sign game days, the operator drills from the machine. Policy 6.2-a, 6.2-c. */
export function drillRoutes(house: DrillHouse, log: Pick<Log, 'error'>) {
  return [...staffRoutes(house, log), ...actingRoutes(house)] as const
}
