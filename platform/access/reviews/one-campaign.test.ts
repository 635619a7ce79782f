import assert from 'node:assert/strict'
import { test } from 'node:test'
import { firstPerson, invitedPerson, testAccess } from '../access.fixture.ts'

const DAY = 86_400

test('policy 3.2-b: a review that cannot be worked off keeps no deadline of others waiting', async () => {
  const it = await testAccess({ 'session.idle': 400 * DAY, 'session.absolute': 400 * DAY })
  try {
    const owner = await firstPerson(it)
    await invitedPerson(it, owner, 'admin@example.org', 'admin')
    const agent = await invitedPerson(it, owner, 'agent@example.org', 'agent')
    await it.access.reviews.hourly()
    // Another one, due earlier, of which a row cannot be read.
    const [campaign] = await it.db.selectFrom('review_campaign').selectAll().execute()
    const [item] = await it.db.selectFrom('review_item').selectAll().limit(1).execute()
    assert.ok(campaign !== undefined && item !== undefined)
    const [id, broken] = ['00000000-0000-7000-8000-00000000000a', '00000000-0000-7000-8000-00000000000b']
    const before = new Date(campaign.due_at.getTime() - DAY * 1000)
    const first = { ...campaign, id, workspace_id: null, due_at: before, gone: '[]' }
    await it.db.insertInto('review_campaign').values(first).execute()
    const row = { ...item, id: broken, campaign_id: id, workspace_id: null, snapshot: '{}', trials: null }
    await it.db.insertInto('review_item').values(row).execute()
    it.clock.set(new Date(campaign.due_at.getTime() + 1000))
    await assert.rejects(it.access.reviews.hourly(), /could not be looked after/)
    const decided = await it.db
      .selectFrom('review_item')
      .select(['decision', 'account_id'])
      .where('campaign_id', '=', campaign.id)
      .execute()
    assert.equal(decided.find(({ account_id }) => account_id === agent.id)?.decision, 'revoke')
    assert.equal((await agent.context()).caller.workspaceRole ?? null, null)
  } finally {
    await it.close()
  }
})
