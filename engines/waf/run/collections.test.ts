import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createCollectionStore } from './collections.ts'
import { ask, rulesOf } from './run.fixture.ts'

const start = 1_700_000_000_000

const counting = rulesOf(`
  SecAction "id:1,phase:1,pass,nolog,initcol:ip=%{REMOTE_ADDR},setvar:ip.seen=+1,expirevar:ip.seen=60"
  SecRule IP:seen "@gt 2" "id:2,phase:2,deny,status:429"`)

test('a collection lasts from one transaction to the next, apart for each key', () => {
  const statuses = [1, 2, 3].map(() => ask(counting, { address: '192.0.2.7' }).verdict?.status)
  assert.deepEqual(statuses, [undefined, undefined, 429])
  assert.equal(ask(counting, { address: '192.0.2.8' }).verdict, null)
})

test('a value that expires is gone at its time', () => {
  const address = '192.0.2.9'
  for (let count = 0; count < 3; count++) ask(counting, { address, now: start })
  assert.equal(ask(counting, { address, now: start + 59_000 }).verdict?.status, 429)
  assert.equal(ask(counting, { address, now: start + 59_000 + 60_001 }).verdict, null)
})

test('deprecatevar takes away for the time that passed, down to nothing', () => {
  const set = rulesOf(`
    SecAction "id:1,phase:1,pass,nolog,initcol:global=all"
    SecRule ARGS:put "@rx ." "id:2,phase:1,pass,nolog,setvar:global.score=%{ARGS.put}"
    SecRule ARGS:read "@rx ." "id:3,phase:1,pass,nolog,deprecatevar:global.score=5/10"
    SecRule GLOBAL:score "@gt 0" "id:4,phase:1,pass,msg:'%{GLOBAL.score}'"`)
  const score = (target: string, seconds: number) =>
    ask(set, { target, now: start + seconds * 1000 }).report.matches[0]?.message
  assert.equal(score('/?put=20', 0), '20')
  assert.equal(score('/?read=1', 21), '10')
  assert.equal(score('/?read=1', 60), undefined)
})

test('setuid and setsid open their collections and are known by name', () => {
  const set = rulesOf(`
    SecRule ARGS:user "@rx ." "id:1,phase:1,pass,nolog,setuid:%{ARGS.user},setsid:s-%{ARGS.user},setvar:user.n=+1"
    SecRule USER:n "@ge 1" "id:2,phase:1,pass,msg:'%{USERID} %{SESSIONID} %{USER.n}'"`)
  ask(set, { target: '/?user=sample' })
  assert.equal(ask(set, { target: '/?user=sample' }).report.matches[0]?.message, 'sample s-sample 2')
  assert.deepEqual(ask(set).ids, [])
})

test('the store forgets what was unused longest when it is full, and all after its time', () => {
  const store = createCollectionStore(2)
  const put = (key: string) =>
    store.open('IP', key, start, 10).members.set('a', { value: '1', expires: null, changed: start })
  put('one')
  put('two')
  store.open('IP', 'one', start, 10)
  put('three')
  assert.equal(store.open('IP', 'one', start, 10).isNew, false)
  assert.equal(store.open('IP', 'two', start, 10).isNew, true)
  assert.equal(store.open('IP', 'one', start + 10_001, 10).isNew, true)
})
