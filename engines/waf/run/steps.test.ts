import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WafError } from '../waf-error.ts'
import { beginning, rulesOf } from './run.fixture.ts'

const RULES = `SecRequestBodyAccess On
SecRule ARGS "@contains one" "id:1,phase:2,pass,log,setvar:tx.score=+1,chain"
SecRule ARGS "@contains two" "t:lowercase"
SecRule TX:score "@ge 1" "id:2,phase:2,pass,log,skipAfter:END"
SecRule ARGS "@contains one" "id:3,phase:2,deny,status:403"
SecMarker END
SecRule ARGS "@contains three" "id:4,phase:2,deny,status:406"`

function begun(body: string) {
  const transaction = rulesOf(RULES).begin(beginning())
  const headers = ['Content-Type', 'application/x-www-form-urlencoded']
  transaction.request({ method: 'POST', target: '/', protocol: 'HTTP/1.1', headers })
  transaction.bodyPart(Buffer.from(body))
  return transaction
}

test('phase 2 in steps comes to the same verdict and the same matches', async () => {
  for (const body of ['a=one', 'a=one&b=TWO', 'a=one&b=two&c=three', 'c=three', 'd=four']) {
    const whole = begun(body)
    const [verdict, report] = [whole.bodyEnd(), whole.end()]
    const stepped = begun(body)
    let turns = 0
    const turn = async (): Promise<void> => void (turns += 1)
    assert.deepEqual(await stepped.bodyEndInSteps({ signed: false }, { turn, stepMs: -1 }), verdict, body)
    assert.deepEqual(stepped.end(), report, body)
    assert.ok(turns > 3, `a turn for each rule, and not ${turns}`)
  }
})

test('a transaction that ends between two steps never says that a request may pass', async () => {
  const transaction = begun('c=three')
  let turns = 0
  const turn = async (): Promise<void> => {
    turns += 1
    if (turns === 3) transaction.end()
  }
  await assert.rejects(
    transaction.bodyEndInSteps({ signed: false }, { turn, stepMs: -1 }),
    (error) => error instanceof WafError && error.code === 'order',
  )
})
