import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import type { OddQuestion } from './odd-thread.fixture.ts'
import { openThreads, threadProgram, type Threads } from './threads.ts'

function oddThread(context: TestContext): Threads<OddQuestion, string> {
  const threads = openThreads<OddQuestion, string>(threadProgram('odd-thread.fixture'), 1)
  context.after(() => threads.close())
  return threads
}

suite('threads that answer otherwise than they should', () => {
  test('answers in another order each come to the question that they are of', async (context) => {
    const threads = oddThread(context)
    const questions = ['backwards 1', 'backwards 2', 'backwards 3'] as const
    const answers = await Promise.all(questions.map((text) => threads.ask(text)))
    assert.deepEqual(answers, ['of backwards 1', 'of backwards 2', 'of backwards 3'])
  })

  test('an answer that comes twice is not taken for that of the next question', async (context) => {
    const threads = oddThread(context)
    const [first, second] = await Promise.allSettled([threads.ask('twice'), threads.ask('never')])
    assert.deepEqual(first, { status: 'fulfilled', value: 'of twice' })
    assert.ok(second.status === 'rejected')
    assert.match(String(second.reason), /what it was not asked/)
  })

  test('an answer to what nobody asked ends the thread, and whoever waited for it hears so', async (context) => {
    await assert.rejects(oddThread(context).ask('strangely'), /what it was not asked/)
  })

  test('a thread that throws or ends lets nobody wait, and the next question has another one', async (context) => {
    const threads = oddThread(context)
    await assert.rejects(threads.ask('throw'), /the sample thread throws/)
    const both = await Promise.allSettled([threads.ask('never'), threads.ask('end')])
    for (const one of both) assert.match(String(one.status === 'rejected' && one.reason), /ended before/)
    assert.equal(await threads.ask('properly'), 'of properly')
  })

  test('what cannot be handed over is refused, and the thread serves on', async (context) => {
    const threads = oddThread(context)
    const strange = (() => 'no data') as unknown as OddQuestion
    await assert.rejects(threads.ask(strange), /could not be cloned/)
    assert.equal(await threads.ask('properly'), 'of properly')
  })
})
